-- Rounded to milliseconds, every other delivery was due up to half a millisecond after it was owed: a sweep that was woken
-- for it at once found nothing and rested for a second. Rewrites neither table nor index.
ALTER TABLE webhook_deliveries ALTER COLUMN next_attempt_at TYPE timestamptz;
