-- Counters by the hour, kept long after the minutes are gone; both hold every change, so that either adds up to the total.

CREATE TABLE stats_hours (
  tenant_id text NOT NULL,
  queue     text NOT NULL,
  hour      timestamptz(0) NOT NULL,
  metric    text NOT NULL,
  amount    bigint NOT NULL,
  PRIMARY KEY (tenant_id, queue, hour, metric)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

INSERT INTO stats_hours (tenant_id, queue, hour, metric, amount)
SELECT tenant_id, queue, date_trunc('hour', minute, 'UTC'), metric, sum(amount)
FROM stats WHERE minute <> '-infinity' GROUP BY 1, 2, 3, 4;

-- What is too old goes by time alone, whosever it is.
CREATE INDEX stats_by_minute ON stats (minute) WHERE minute <> '-infinity';
CREATE INDEX stats_hours_by_hour ON stats_hours (hour);
-- Depths of every tenant at once, for the gauges.
CREATE INDEX stats_depths ON stats (metric, queue) WHERE minute = '-infinity' AND metric LIKE 'depth.%';
