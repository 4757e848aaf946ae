-- Statements that fill the ledger, each under its name.

-- name: forget_sweep
DELETE FROM sweeps WHERE name = ?1 AND digest = ?2;

-- name: outdate_sweeps
UPDATE sweeps SET newest = 0 WHERE name = ?1;

-- name: insert_sweep
INSERT INTO sweeps (name, digest, title, newest, given) VALUES (?1, ?2, ?3, 1, ?4) RETURNING id;

-- name: insert_table
INSERT INTO tables (sweep_id, position, title, design, columns, factors) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: insert_arm
INSERT INTO arms (sweep_id, table_position, position, backbone, label, reference, recipe)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id;

-- name: insert_level
INSERT INTO levels (arm_id, factor, level) VALUES (?1, ?2, ?3);

-- name: insert_sweep_run
INSERT INTO sweep_runs (arm_id, seed, run_key) VALUES (?1, ?2, ?3);

-- name: insert_sweep_teacher
INSERT INTO sweep_teachers (sweep_id, name, run_key) VALUES (?1, ?2, ?3);

-- name: plan_run
INSERT INTO runs (key, trajectory, seed, spec, recipe) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (key) DO UPDATE SET recipe = excluded.recipe;

-- name: begin_run
INSERT INTO runs (key, trajectory, seed, spec, outcome, invalid, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, invalid = excluded.invalid, message = excluded.message;

-- name: run_has_recipe
SELECT 1 FROM runs WHERE key = ?1 AND recipe IS NOT NULL;

-- name: forget_ingredients
DELETE FROM ingredients WHERE run_key = ?1;

-- name: insert_ingredient
INSERT INTO ingredients (run_key, family, name, parameter, value) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: forget_teachers
DELETE FROM teachers WHERE run_key = ?1;

-- name: insert_teacher
INSERT OR REPLACE INTO teachers (run_key, name, teacher) VALUES (?1, ?2, ?3);

-- name: forget_outcomes
UPDATE runs SET outcome = NULL, invalid = NULL, message = NULL WHERE trajectory = ?1;

-- name: forget_begun
DELETE FROM begun WHERE trajectory = ?1;

-- name: forget_metrics
DELETE FROM metrics WHERE run_key IN (SELECT key FROM runs WHERE trajectory = ?1);

-- name: forget_evaluations
DELETE FROM evaluations WHERE run_key IN (SELECT key FROM runs WHERE trajectory = ?1);

-- name: forget_counters
DELETE FROM counters WHERE run_key IN (SELECT key FROM runs WHERE trajectory = ?1);

-- name: forget_costs
DELETE FROM costs WHERE run_key IN (SELECT key FROM runs WHERE trajectory = ?1);

-- name: forget_timings
DELETE FROM timings WHERE run_key IN (SELECT key FROM runs WHERE trajectory = ?1);

-- name: insert_begun
INSERT INTO begun (trajectory, attempt, started, ended, seconds, peak_bytes, host, pid, environment, state, message)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: insert_metric
INSERT INTO metrics (run_key, epoch, name, value, not_finite) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: insert_evaluation
INSERT INTO evaluations (run_key, epoch, selected_by, split, variant, reported, images, top1, top5, loss, ece,
                         not_finite, correct)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: insert_counter
INSERT INTO counters (run_key, name, value) VALUES (?1, ?2, ?3);

-- name: insert_cost
INSERT INTO costs (run_key, form, parameters, macs, bytes) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: insert_timing
INSERT INTO timings (run_key, epoch, seconds, images, library_seconds) VALUES (?1, ?2, ?3, ?4, ?5);

-- Of several coordinators that speak of one attempt, the last one counts, whichever journal is read first.
-- name: put_exit
INSERT INTO exits (trajectory, attempt, time, exit_status, signal, stderr, seconds, peak_bytes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (trajectory, attempt) DO UPDATE SET
  time = excluded.time, exit_status = excluded.exit_status, signal = excluded.signal, stderr = excluded.stderr,
  seconds = excluded.seconds, peak_bytes = excluded.peak_bytes
WHERE excluded.time >= exits.time;

-- name: put_block
INSERT INTO blocks (trajectory, because, time) VALUES (?1, ?2, ?3)
ON CONFLICT (trajectory) DO UPDATE SET because = excluded.because, time = excluded.time
WHERE excluded.time >= blocks.time;

-- A finished run stays finished, whatever a later attempt did. A worker that ended before its first line failed, unless it
-- was told to stop so early (signal 15), or found nothing to do.
-- name: set_status
UPDATE runs SET status = CASE
  WHEN outcome IN ('done', 'diverged') THEN outcome
  ELSE coalesce(
    (SELECT CASE WHEN signal IS NULL THEN 'failed' ELSE 'crashed' END
     FROM exits
     WHERE exits.trajectory = runs.trajectory
       AND exits.attempt > (SELECT coalesce(max(attempt), 0) FROM begun WHERE begun.trajectory = runs.trajectory)
       AND (exit_status <> 0 OR signal <> 15)
     ORDER BY attempt DESC LIMIT 1),
    outcome,
    (SELECT 'blocked' FROM blocks WHERE blocks.trajectory = runs.trajectory),
    'pending')
END
WHERE trajectory = ?1;
