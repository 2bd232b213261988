"""The tables of a cohort, and the steps from each schema to the next.

`MIGRATIONS[i]` leads from schema ``i`` to schema ``i + 1``; the number stands in SQLite's
``user_version``. A published migration is never edited: a change of the tables is a new entry.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE cases (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            path TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            grid TEXT NOT NULL,
            ndim INTEGER NOT NULL CHECK (ndim IN (2, 3)),
            unit TEXT NOT NULL CHECK (unit IN ('mm', 'px')),
            modality TEXT NOT NULL,
            changed INTEGER NOT NULL DEFAULT 0
        )
        """,
        """
        CREATE TABLE landmarks (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            colour TEXT,
            side TEXT,
            removed INTEGER NOT NULL DEFAULT 0
        )
        """,
        "CREATE UNIQUE INDEX landmark_names ON landmarks (name) WHERE removed = 0",
        """
        CREATE TABLE points (
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            landmark_id INTEGER NOT NULL REFERENCES landmarks (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('human', 'predicted')),
            vox_z REAL,
            vox_y REAL NOT NULL,
            vox_x REAL NOT NULL,
            world_x REAL NOT NULL,
            world_y REAL NOT NULL,
            world_z REAL,
            unit TEXT NOT NULL CHECK (unit IN ('mm', 'px')),
            source TEXT NOT NULL CHECK (source IN ('manual', 'predicted', 'corrected')),
            confidence REAL,
            model TEXT,
            author TEXT,
            time TEXT NOT NULL,
            PRIMARY KEY (case_id, landmark_id, kind),
            CHECK ((kind = 'predicted') = (source = 'predicted'))
        ) WITHOUT ROWID
        """,
        "CREATE INDEX points_by_landmark ON points (landmark_id, case_id, kind)",
        """
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL,
            changes TEXT NOT NULL,
            undone INTEGER NOT NULL DEFAULT 0,
            time TEXT NOT NULL
        )
        """,
        "CREATE INDEX journal_state ON journal (undone, id)",
    ),
    (
        "ALTER TABLE cases ADD COLUMN name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE cases ADD COLUMN files TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE cases ADD COLUMN number INTEGER",
        "ALTER TABLE cases ADD COLUMN patient TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE cases ADD COLUMN study TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX cases_by_fingerprint ON cases (fingerprint)",
        """
        CREATE TABLE labels (
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('human', 'predicted')),
            value TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('manual', 'predicted', 'corrected')),
            confidence REAL,
            model TEXT,
            author TEXT,
            time TEXT NOT NULL,
            PRIMARY KEY (case_id, name, kind),
            CHECK ((kind = 'predicted') = (source = 'predicted'))
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE segmentations (
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('human', 'predicted')),
            file TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            segments TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('manual', 'predicted', 'corrected')),
            model TEXT,
            author TEXT,
            time TEXT NOT NULL,
            PRIMARY KEY (case_id, name, kind),
            CHECK ((kind = 'predicted') = (source = 'predicted'))
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE alternatives (
            what TEXT NOT NULL CHECK (what IN ('points', 'labels', 'segmentations')),
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            subject NOT NULL,
            mark TEXT NOT NULL,
            origin TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (what, case_id, subject, mark)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            verb TEXT NOT NULL,
            model TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            place TEXT NOT NULL,
            settings TEXT NOT NULL,
            results INTEGER NOT NULL,
            time TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE facts (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            commits INTEGER NOT NULL,
            secret TEXT NOT NULL
        )
        """,
        "INSERT INTO facts VALUES (1, 0, lower(hex(randomblob(16))))",
    ),
    (
        """
        CREATE TABLE rejections (
            what TEXT NOT NULL CHECK (what IN ('points', 'labels', 'segmentations')),
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            subject NOT NULL,
            author TEXT,
            time TEXT NOT NULL,
            PRIMARY KEY (what, case_id, subject)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE found (
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            landmark_id INTEGER NOT NULL REFERENCES landmarks (id) ON DELETE CASCADE,
            vox_z REAL,
            vox_y REAL NOT NULL,
            vox_x REAL NOT NULL,
            confidence REAL,
            model TEXT,
            PRIMARY KEY (case_id, landmark_id)
        ) WITHOUT ROWID
        """,
    ),
    ("ALTER TABLE cases ADD COLUMN flags TEXT",),
    ("ALTER TABLE segmentations ADD COLUMN confidence REAL",),
)
