import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from '../kernel/version.js';
import { documentFaults } from './openapi-faults.js';
import { schemaConverter } from './openapi-schemas.js';
import { documentForms } from './upload.js';

const PURPOSE =
  'Documents, images and receipts into searchable, structured data, as durable background tasks. Errors are problem documents; the schema `Problem` lists every code.';

const TAGS = {
  Tasks: 'Work of any type: submit, watch, cancel, retry.',
  Queue: 'What the queues and workers do, for operators.',
  Documents: 'Files in, searchable text out.',
  Images: 'Pictures in; searched by pictures and by words, near-duplicates told.',
  Schedules: 'Work that comes again.',
  Operations: 'Changes of many tasks or documents, and how far they are.',
  Webhooks: 'Callbacks: what was sent, what was not heard, what they are signed with.',
  Files: 'What links that we signed lead to.',
  Health: 'Whether this process can do its work.',
  Metrics: 'Numbers for Prometheus.',
};

/** Builds the OpenAPI document of an application; the same application gives the same document, byte for byte. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, heading(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: schemaConverter,
  });
  return documentFaults(documentForms(document));
}

/** Serves Swagger UI at `/docs`, the document at `/docs/openapi.json` and `.yaml`; built when first asked for. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Intake API',
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true, validatorUrl: null },
  });
}

function heading() {
  const builder = new DocumentBuilder()
    .setTitle('Intake')
    .setDescription(PURPOSE)
    .setVersion(VERSION)
    .addServer('/', 'This server. Every route below /api answers without the prefix too.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: '`Authorization: Bearer ik_...`' })
    .addApiKey({
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
      description: 'The same key, for simple clients',
    });
  for (const [name, text] of Object.entries(TAGS)) builder.addTag(name, text);
  return builder.build();
}
