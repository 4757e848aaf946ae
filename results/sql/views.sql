-- For people: made anew whenever the ledger is opened for writing. docs/formats.md describes them.

DROP VIEW IF EXISTS v_results;
DROP VIEW IF EXISTS v_levels;
DROP VIEW IF EXISTS v_curves;
DROP VIEW IF EXISTS v_failures;
DROP VIEW IF EXISTS attempts;

CREATE VIEW attempts AS
SELECT begun.trajectory, begun.attempt, begun.started, coalesce(begun.ended, exits.time) AS ended,
       coalesce(begun.seconds, exits.seconds) AS seconds, coalesce(begun.peak_bytes, exits.peak_bytes) AS peak_bytes,
       begun.host, begun.pid, begun.environment, begun.state, begun.message,
       exits.exit_status, exits.signal, exits.stderr
FROM begun LEFT JOIN exits USING (trajectory, attempt)
UNION ALL
SELECT trajectory, attempt, NULL, time, seconds, peak_bytes, NULL, NULL, NULL,
       CASE WHEN exit_status = 0 THEN 'done' WHEN signal = 15 THEN 'interrupted'
            WHEN signal IS NOT NULL THEN 'crashed' ELSE 'failed' END,
       'the worker ended before it wrote anything', exit_status, signal, stderr
FROM exits
WHERE NOT EXISTS (SELECT 1 FROM begun WHERE begun.trajectory = exits.trajectory AND begun.attempt = exits.attempt);

CREATE VIEW v_results AS
SELECT sweeps.name AS sweep, arms.table_position, arms.backbone, arms.label AS arm, arms.reference, sweep_runs.seed,
       runs.key AS run_key, runs.status, runs.invalid, evaluations.split, evaluations.variant, evaluations.reported,
       evaluations.selected_by, evaluations.epoch, evaluations.top1, evaluations.top5, evaluations.loss,
       evaluations.ece
FROM sweeps
JOIN arms ON arms.sweep_id = sweeps.id
JOIN sweep_runs ON sweep_runs.arm_id = arms.id
JOIN runs ON runs.key = sweep_runs.run_key
JOIN evaluations ON evaluations.run_key = runs.key
WHERE sweeps.newest;

CREATE VIEW v_levels AS
WITH asked AS (
  SELECT arms.id AS arm_id, json_each.value AS factor
  FROM arms
  JOIN tables ON tables.sweep_id = arms.sweep_id AND tables.position = arms.table_position
  JOIN json_each(tables.factors)
  UNION
  SELECT arm_id, factor FROM levels
)
SELECT sweeps.name AS sweep, arms.id AS arm_id, arms.backbone, arms.label AS arm, asked.factor,
       coalesce(levels.level, 'reference') AS level
FROM asked
JOIN arms ON arms.id = asked.arm_id
JOIN sweeps ON sweeps.id = arms.sweep_id AND sweeps.newest
LEFT JOIN levels ON levels.arm_id = asked.arm_id AND levels.factor = asked.factor;

CREATE VIEW v_curves AS
SELECT run_key, epoch, name, value FROM metrics;

CREATE VIEW v_failures AS
SELECT trajectory, attempt, state, exit_status, signal, message, stderr
FROM attempts
WHERE state NOT IN ('done', 'running') OR exit_status <> 0 OR signal IS NOT NULL;
