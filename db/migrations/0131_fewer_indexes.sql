-- Times never go back within a log, so a time is found by halving over the key (services/audit/query.c):
-- one index less is written with every entry.
DROP INDEX audit.entry_recorded;
