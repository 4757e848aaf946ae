-- The deterministic tables in a fixed order, without what depends on time, place or the order of insertion.

-- name: dump sweeps
SELECT name, digest, title, given FROM sweeps ORDER BY name, digest;

-- name: dump tables
SELECT sweeps.name AS sweep, digest, position, tables.title, design, columns, factors
FROM tables JOIN sweeps ON sweeps.id = sweep_id
ORDER BY sweep, digest, position;

-- name: dump arms
SELECT sweeps.name AS sweep, digest, table_position, position, backbone, label, reference, recipe
FROM arms JOIN sweeps ON sweeps.id = sweep_id
ORDER BY sweep, digest, table_position, position;

-- name: dump levels
SELECT sweeps.name AS sweep, digest, table_position, position, factor, level
FROM levels JOIN arms ON arms.id = arm_id JOIN sweeps ON sweeps.id = sweep_id
ORDER BY sweep, digest, table_position, position, factor;

-- name: dump sweep_runs
SELECT sweeps.name AS sweep, digest, table_position, position, seed, run_key
FROM sweep_runs JOIN arms ON arms.id = arm_id JOIN sweeps ON sweeps.id = sweep_id
ORDER BY sweep, digest, table_position, position, seed;

-- name: dump sweep_teachers
SELECT sweeps.name AS sweep, digest, sweep_teachers.name, run_key
FROM sweep_teachers JOIN sweeps ON sweeps.id = sweep_id
ORDER BY sweep, digest, sweep_teachers.name, run_key;

-- A failure's message may name a folder, a divergence's names a step.
-- name: dump runs
SELECT key, trajectory, seed, spec, status, invalid, CASE status WHEN 'diverged' THEN message END AS message
FROM runs ORDER BY key;

-- name: dump ingredients
SELECT run_key, family, name, parameter, value FROM ingredients ORDER BY run_key, family, name, parameter;

-- name: dump teachers
SELECT run_key, name, teacher FROM teachers ORDER BY run_key, name;

-- name: dump metrics
SELECT run_key, epoch, name, value, not_finite FROM metrics ORDER BY run_key, epoch, name;

-- name: dump evaluations
SELECT run_key, epoch, selected_by, split, variant, reported, images, top1, top5, loss, ece, not_finite, correct
FROM evaluations ORDER BY run_key, epoch, selected_by, split, variant;

-- name: dump counters
SELECT run_key, name, value FROM counters ORDER BY run_key, name;

-- name: dump costs
SELECT run_key, form, parameters, macs, bytes FROM costs ORDER BY run_key, form;
