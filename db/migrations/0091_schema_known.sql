-- A service starts only on the schema that it was built for: it compares the names (lib/runtime/schema.h).
GRANT USAGE ON SCHEMA migration TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit;
GRANT SELECT ON migration.applied TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit;
