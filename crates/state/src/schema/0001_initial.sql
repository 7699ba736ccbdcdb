-- The ledger, schema 1. Identity, wishes and last exits; never what the kernel knows.
--
--   containers ──image_id──▶ images ◀──image_id── refs          (name → image)
--        │                     │
--        │ snapshot            └──image_layers (position)──▶ layers ──▶ snapshots/<snapshot>/fs
--        ▼                                                      (one row per unpacked layer)
--   snapshots/<snapshot>/{fs,work}
--
-- Times are nanoseconds since 1970. Digests are 'sha256:<hex>'. Documents are JSON.

CREATE TABLE containers (
    id              TEXT    NOT NULL PRIMARY KEY,   -- 64 hex digits
    name            TEXT    NOT NULL UNIQUE,        -- without slash
    created         INTEGER NOT NULL,
    image_id        TEXT,                           -- image id (config digest); NULL for a bare rootfs
    image_name      TEXT    NOT NULL,               -- as the user wrote it
    command         TEXT    NOT NULL,               -- JSON array: path and arguments as resolved
    snapshot        TEXT    NOT NULL,               -- directory below snapshots/
    auto_remove     INTEGER NOT NULL,               -- --rm
    wanted          INTEGER NOT NULL DEFAULT 0,     -- shall run: started, and not stopped by hand
    stopped_by_hand INTEGER NOT NULL DEFAULT 0,     -- last stopped by a user
    started_at      INTEGER,                        -- last start
    finished_at     INTEGER,                        -- last exit
    exit_code       INTEGER,
    oom_killed      INTEGER NOT NULL DEFAULT 0,
    error           TEXT    NOT NULL DEFAULT '',    -- why the last start failed
    restart_count   INTEGER NOT NULL DEFAULT 0,
    config          TEXT    NOT NULL,               -- ContainerConfig, the wish
    extra           TEXT    NOT NULL DEFAULT ''     -- the engine's own notes
) WITHOUT ROWID;
CREATE INDEX containers_by_image ON containers (image_id);

CREATE TABLE images (
    id            TEXT    NOT NULL PRIMARY KEY,     -- config digest
    manifest      TEXT    NOT NULL,                 -- manifest blob
    manifest_type TEXT    NOT NULL,                 -- its media type
    manifest_size INTEGER NOT NULL,
    image_index   TEXT,                             -- index blob it was chosen from
    os            TEXT    NOT NULL,
    architecture  TEXT    NOT NULL,
    variant       TEXT    NOT NULL,
    created       INTEGER NOT NULL,                 -- as the image says, 0 unknown
    size          INTEGER NOT NULL,                 -- bytes of the files of all layers
    added         INTEGER NOT NULL,                 -- when it came into this store
    tagged        INTEGER NOT NULL,                 -- last time a name was given
    parent        TEXT,                             -- image it was built on here
    config        BLOB    NOT NULL                  -- the config's own bytes
) WITHOUT ROWID;

CREATE TABLE refs (
    name     TEXT NOT NULL PRIMARY KEY,             -- full form, domain/path:tag or domain/path@digest
    image_id TEXT NOT NULL REFERENCES images (id)
) WITHOUT ROWID;
CREATE INDEX refs_by_image ON refs (image_id);

CREATE TABLE layers (
    diff_id    TEXT    NOT NULL PRIMARY KEY,        -- digest of the plain tar
    blob       TEXT    NOT NULL,                    -- digest of the blob kept
    media_type TEXT    NOT NULL,                    -- of that blob
    blob_size  INTEGER NOT NULL,
    snapshot   TEXT    NOT NULL UNIQUE,             -- directory below snapshots/
    size       INTEGER NOT NULL,                    -- bytes of its files
    flat       INTEGER NOT NULL,                    -- /etc, /dev, /proc, /sys are directories or absent
    added      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE image_layers (
    image_id TEXT    NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,                      -- 0 is the lowest
    diff_id  TEXT    NOT NULL REFERENCES layers (diff_id),
    chain_id TEXT    NOT NULL,
    PRIMARY KEY (image_id, position)
) WITHOUT ROWID;
CREATE INDEX image_layers_by_diff ON image_layers (diff_id);
