-- What a comparison table asks of the ledger. Lists of keys come as JSON arrays.

-- name: sweep names
SELECT DISTINCT name FROM sweeps ORDER BY name;

-- name: sweep by name or digest
SELECT id, name, title, digest, given FROM sweeps
WHERE (name = ?1 AND newest) OR digest = ?1 ORDER BY newest DESC, id DESC LIMIT 1;

-- name: tables of sweep
SELECT title, design, columns, factors FROM tables WHERE sweep_id = ?1 ORDER BY position;

-- name: arms of sweep
SELECT arms.table_position, arms.backbone, arms.label, arms.reference, arms.recipe,
       (SELECT json_group_object(factor, level) FROM levels WHERE arm_id = arms.id) AS levels,
       (SELECT json_group_array(json_array(seed, run_key))
        FROM (SELECT seed, run_key FROM sweep_runs WHERE arm_id = arms.id ORDER BY seed)) AS runs
FROM arms WHERE sweep_id = ?1 ORDER BY table_position, position;

-- name: teachers of sweep
SELECT name, run_key FROM sweep_teachers WHERE sweep_id = ?1 ORDER BY name, run_key;

-- name: statuses of runs
SELECT key, status, invalid FROM runs WHERE key IN (SELECT value FROM json_each(?1));

-- The reported variant where none is asked for.
-- name: evaluations of runs
SELECT run_key, variant, images, top1, top5, loss, ece FROM evaluations
WHERE run_key IN (SELECT value FROM json_each(?1)) AND selected_by = ?2 AND split = ?3
  AND CASE ?4 WHEN '' THEN reported ELSE variant = ?4 END
ORDER BY run_key, epoch;

-- The same on every spoiled test split, at the last epoch.
-- name: spoiled evaluations of runs
SELECT run_key, split, top1, top5, loss, ece FROM evaluations
WHERE run_key IN (SELECT value FROM json_each(?1)) AND selected_by = 'last' AND split GLOB 'test@*'
  AND CASE ?2 WHEN '' THEN reported ELSE variant = ?2 END
ORDER BY run_key, split;

-- name: trajectories of runs
SELECT key, trajectory FROM runs WHERE key IN (SELECT value FROM json_each(?1));

-- name: deployed costs of runs
SELECT run_key, parameters, macs FROM costs
WHERE run_key IN (SELECT value FROM json_each(?1)) AND form = 'deployed';

-- name: epoch seconds of runs
SELECT run_key, avg(seconds) FROM timings
WHERE run_key IN (SELECT value FROM json_each(?1)) GROUP BY run_key;

-- name: environments of runs
SELECT DISTINCT trajectory, json_remove(environment, '$.mixed', '$.kernel_threads') AS environment FROM attempts
WHERE attempts.environment IS NOT NULL
  AND trajectory IN (SELECT trajectory FROM runs WHERE key IN (SELECT value FROM json_each(?1)))
ORDER BY environment;
