-- Which secret our webhook was given, so that a rotated one is brought to it.
ALTER TABLE repositories ADD COLUMN hook_secret_version text;

COMMENT ON COLUMN repositories.hook_secret_version IS 'Fingerprint of the secret that the webhook signs with; another one than the newest is a reason to set it anew';
