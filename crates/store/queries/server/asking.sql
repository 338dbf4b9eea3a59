SET default_transaction_read_only = on;
SET statement_timeout = '20s';
-- A filter that is not asked for is a NULL: only a plan for these very values leaves it out.
SET plan_cache_mode = force_custom_plan;
-- Compiling a plan takes longer than the questions that are asked here.
SET jit = off;
-- So does starting workers: some 12 ms.
SET max_parallel_workers_per_gather = 0
