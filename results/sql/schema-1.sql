-- The first schema. A change comes as schema-<n>.sql, which turns version n - 1 into n; this file then stays as it is.

CREATE TABLE sweeps (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  title TEXT NOT NULL,
  newest INTEGER NOT NULL CHECK (newest IN (0, 1)),
  given TEXT NOT NULL CHECK (json_valid(given)),
  UNIQUE (name, digest)
) STRICT;

CREATE TABLE tables (
  sweep_id INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  design TEXT NOT NULL,
  columns TEXT NOT NULL,
  factors TEXT NOT NULL CHECK (json_valid(factors)),
  PRIMARY KEY (sweep_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE arms (
  id INTEGER PRIMARY KEY,
  sweep_id INTEGER NOT NULL,
  table_position INTEGER NOT NULL,
  position INTEGER NOT NULL,
  backbone TEXT NOT NULL,
  label TEXT NOT NULL,
  reference INTEGER NOT NULL CHECK (reference IN (0, 1)),
  recipe TEXT NOT NULL CHECK (json_valid(recipe)),
  UNIQUE (sweep_id, table_position, position),
  FOREIGN KEY (sweep_id, table_position) REFERENCES tables (sweep_id, position) ON DELETE CASCADE
) STRICT;

CREATE TABLE levels (
  arm_id INTEGER NOT NULL REFERENCES arms ON DELETE CASCADE,
  factor TEXT NOT NULL,
  level TEXT NOT NULL,
  PRIMARY KEY (arm_id, factor)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  key TEXT PRIMARY KEY NOT NULL,
  trajectory TEXT NOT NULL,
  seed INTEGER NOT NULL,
  spec TEXT NOT NULL CHECK (json_valid(spec)),
  recipe TEXT CHECK (recipe IS NULL OR json_valid(recipe)),  -- resolved; NULL where no stored sweep names the run
  outcome TEXT,                            -- what the journal says; NULL before its first line
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN
    ('pending', 'running', 'interrupted', 'crashed', 'failed', 'diverged', 'done', 'blocked')),
  invalid TEXT,
  message TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of_trajectory ON runs (trajectory);

CREATE TABLE sweep_runs (
  arm_id INTEGER NOT NULL REFERENCES arms ON DELETE CASCADE,
  seed INTEGER NOT NULL,
  run_key TEXT REFERENCES runs,  -- NULL while the key is pending
  PRIMARY KEY (arm_id, seed)
) STRICT, WITHOUT ROWID;
CREATE INDEX arms_of_run ON sweep_runs (run_key);

CREATE TABLE sweep_teachers (
  sweep_id INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
  name TEXT NOT NULL,
  run_key TEXT NOT NULL REFERENCES runs,
  PRIMARY KEY (sweep_id, name, run_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE teachers (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,     -- who asks: distill.logit
  teacher TEXT NOT NULL,  -- a run's key, or the SHA-256 of a weight file
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ingredients (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  family TEXT NOT NULL,
  name TEXT NOT NULL,
  parameter TEXT NOT NULL,
  value ANY,
  PRIMARY KEY (run_key, family, name, parameter)
) STRICT, WITHOUT ROWID;

-- What a trajectory's journal says of its attempts, and what coordinators' journals say: the view `attempts` joins them.
CREATE TABLE begun (
  trajectory TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started TEXT,
  ended TEXT,
  seconds REAL,
  peak_bytes INTEGER,
  host TEXT,
  pid INTEGER,
  environment TEXT CHECK (environment IS NULL OR json_valid(environment)),
  state TEXT NOT NULL,
  message TEXT,
  PRIMARY KEY (trajectory, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE exits (
  trajectory TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  time TEXT NOT NULL,
  exit_status INTEGER,
  signal INTEGER,
  stderr TEXT,
  seconds REAL,
  peak_bytes INTEGER,
  PRIMARY KEY (trajectory, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
  trajectory TEXT PRIMARY KEY NOT NULL,
  because TEXT NOT NULL,
  time TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  not_finite TEXT CHECK (not_finite IN ('nan', 'inf', '-inf')),
  PRIMARY KEY (run_key, epoch, name),
  CHECK ((value IS NULL) = (not_finite IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  selected_by TEXT NOT NULL,
  split TEXT NOT NULL,
  variant TEXT NOT NULL,
  reported INTEGER NOT NULL CHECK (reported IN (0, 1)),
  images INTEGER NOT NULL,
  top1 REAL,
  top5 REAL,
  loss REAL,  -- this and the others: NULL where not finite
  ece REAL,
  not_finite INTEGER NOT NULL CHECK (not_finite IN (0, 1)),
  correct BLOB,
  PRIMARY KEY (run_key, epoch, selected_by, split, variant)
) STRICT;

CREATE TABLE counters (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE costs (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  form TEXT NOT NULL,
  parameters INTEGER,
  macs INTEGER,
  bytes INTEGER,
  PRIMARY KEY (run_key, form)
) STRICT, WITHOUT ROWID;

CREATE TABLE timings (
  run_key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  seconds REAL,
  images INTEGER,
  PRIMARY KEY (run_key, epoch)
) STRICT, WITHOUT ROWID;
