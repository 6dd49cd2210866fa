-- One row for each painting. Its files lie in paintings/<id>/ beside this database.
PRAGMA application_id = 0x446F6F72; -- 'Door'

CREATE TABLE sweeps (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  theme TEXT NOT NULL,                    -- the theme as it was given, TOML
  created TEXT NOT NULL,                  -- all times are UTC, ISO 8601
  state TEXT NOT NULL DEFAULT 'running',  -- running, paused or done
  settings TEXT NOT NULL DEFAULT '{}'     -- JSON
);

CREATE TABLE paintings (
  number INTEGER PRIMARY KEY,             -- the order in which they came; the full-text search counts on it
  id TEXT NOT NULL UNIQUE,
  prompts TEXT NOT NULL,
  recipe TEXT NOT NULL,                   -- JSON, prompts included
  state TEXT NOT NULL,                    -- waiting, running, resting, stopped, paused, finished or failed
  step INTEGER NOT NULL DEFAULT 0,
  steps INTEGER NOT NULL,
  rung INTEGER NOT NULL DEFAULT 0,
  scores TEXT NOT NULL DEFAULT '{}',      -- JSON: name -> number
  rating INTEGER CHECK (rating BETWEEN 1 AND 5),
  verdict TEXT,                           -- reject, keep or favourite
  note TEXT NOT NULL DEFAULT '',
  parent TEXT,                            -- an id; it may have been deleted, or stayed behind in another library
  change TEXT NOT NULL DEFAULT '{}',      -- JSON: what differs from the parent
  sweep TEXT REFERENCES sweeps (id),
  subject TEXT,
  pinned INTEGER NOT NULL DEFAULT 0,
  created TEXT NOT NULL,
  started TEXT,
  finished TEXT,
  seconds REAL NOT NULL DEFAULT 0,        -- spent painting, all sittings together
  worker TEXT,                            -- who paints it, while it is running
  lease REAL,                             -- until when nobody else may, in seconds since 1970
  machine TEXT NOT NULL DEFAULT '{}',     -- JSON: versions, device, precision, threads, weights
  picture_sha256 TEXT
);

-- What is claimed next, of all paintings or of one sweep; and what is listed, in the order in which it came.
CREATE INDEX paintings_queue ON paintings (state, pinned DESC, number);
CREATE INDEX paintings_sweep_queue ON paintings (sweep, state, pinned DESC, number) WHERE sweep IS NOT NULL;
CREATE INDEX paintings_state ON paintings (state, created, number);
CREATE INDEX paintings_sweep ON paintings (sweep, created, number) WHERE sweep IS NOT NULL;
CREATE INDEX paintings_subject ON paintings (subject, created, number) WHERE subject IS NOT NULL;
CREATE INDEX paintings_verdict ON paintings (verdict, created, number) WHERE verdict IS NOT NULL;
CREATE INDEX paintings_parent ON paintings (parent) WHERE parent IS NOT NULL;
CREATE INDEX paintings_created ON paintings (created, number);
CREATE INDEX paintings_picture ON paintings (picture_sha256) WHERE picture_sha256 IS NOT NULL;
