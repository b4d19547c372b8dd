CREATE TABLE images (
  id              uuid PRIMARY KEY,
  tenant_id       text NOT NULL,
  product_id      text NOT NULL,
  image_id        text NOT NULL,
  user_id         text,
  name            text,
  description     text,
  tags            text[] NOT NULL DEFAULT '{}',
  metadata        jsonb NOT NULL DEFAULT '{}',
  image_path      text NOT NULL,
  submission      integer NOT NULL DEFAULT 1,
  task_id         uuid NOT NULL,
  content_type    text,
  size_bytes      bigint,
  width           integer,
  height          integer,
  frames          integer,
  has_alpha       boolean,
  sha256          text,
  perceptual_hash text,
  colours         text[] NOT NULL DEFAULT '{}',
  model           text,
  taken_at        timestamptz(3),
  exif            jsonb,
  thumbnail_key   text,
  words           tsvector,
  generation      uuid,
  recipe          text,
  discarded_at    timestamptz(3),
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  updated_at      timestamptz(3) NOT NULL DEFAULT now(),
  processed_at    timestamptz(3)
);
CREATE UNIQUE INDEX images_name ON images (tenant_id, product_id, image_id);
CREATE INDEX images_newest ON images (tenant_id, created_at DESC, id DESC);
CREATE INDEX images_words ON images USING gin (words);
-- Which uploads are in use is asked by their keys.
CREATE INDEX images_uploads ON images (image_path) WHERE image_path LIKE 'uploads/%';
CREATE INDEX images_thumbnails ON images (thumbnail_key) WHERE thumbnail_key IS NOT NULL;
-- Hashes that differ in few bits agree, but for one bit, in one of these quarters at least.
CREATE INDEX images_hash_1 ON images (tenant_id, substr(perceptual_hash, 1, 4));
CREATE INDEX images_hash_2 ON images (tenant_id, substr(perceptual_hash, 5, 4));
CREATE INDEX images_hash_3 ON images (tenant_id, substr(perceptual_hash, 9, 4));
CREATE INDEX images_hash_4 ON images (tenant_id, substr(perceptual_hash, 13, 4));

-- Two pictures that look the same; the older image stands first.
CREATE TABLE duplicate_pairs (
  tenant_id  text NOT NULL,
  first      uuid NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  second     uuid NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  distance   smallint NOT NULL,
  similarity real NOT NULL,
  PRIMARY KEY (first, second),
  CHECK (first < second)
);
CREATE INDEX duplicate_pairs_second ON duplicate_pairs (second);
CREATE INDEX duplicate_pairs_tenant ON duplicate_pairs (tenant_id, first);

-- What somebody has looked at does not come up again, as long as both show the same pictures.
CREATE TABLE duplicate_decisions (
  tenant_id  text NOT NULL,
  first      uuid NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  second     uuid NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  decided_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (first, second),
  CHECK (first < second)
);
CREATE INDEX duplicate_decisions_second ON duplicate_decisions (second);
