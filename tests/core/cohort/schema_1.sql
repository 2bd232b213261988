PRAGMA application_id = 1297306444;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
        );
INSERT INTO "cases" VALUES(1,'a.png','/images/a.png','fa','{"shape": [100, 80], "spacing": [1.0, 1.0], "origin": [0.0, 0.0], "direction": [[0.0, 1.0], [1.0, 0.0]], "unit": "px"}',2,'px','DX',0);
INSERT INTO "cases" VALUES(2,'v.nii','/images/v.nii','fv','{"shape": [10, 20, 30], "spacing": [3.0, 0.5, 0.7], "origin": [1.0, 2.0, 3.0], "direction": [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "unit": "mm"}',3,'mm','MR',0);
CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL,
            changes TEXT NOT NULL,
            undone INTEGER NOT NULL DEFAULT 0,
            time TEXT NOT NULL
        );
INSERT INTO "journal" VALUES(1,'add landmark carina','[["landmarks", [1], ["carina", "bifurcation", "#ff8800", null, 1], ["carina", "bifurcation", "#ff8800", null, 0]]]',0,'2026-11-28T00:19:39.039+00:00');
INSERT INTO "journal" VALUES(2,'add landmark apex','[["landmarks", [2], ["apex", "", null, "left", 1], ["apex", "", null, "left", 0]]]',0,'2026-11-28T00:19:39.062+00:00');
INSERT INTO "journal" VALUES(3,'place carina in a.png','[["points", [1, 1], null, [null, 5.0, 6.0, 6.0, 5.0, null, "px", "manual", null, null, "AB", "2026-11-28T00:19:39.070+00:00"]]]',0,'2026-11-28T00:19:39.071+00:00');
INSERT INTO "journal" VALUES(4,'correct apex in v.nii','[["points", [2, 2], null, [1.0, 2.0, 3.0, 3.0999999999999996, 3.0, 6.0, "mm", "corrected", null, null, null, "2026-11-28T00:19:39.098+00:00"]]]',0,'2026-11-28T00:19:39.098+00:00');
INSERT INTO "journal" VALUES(5,'correct apex in v.nii','[["points", [2, 2], [1.0, 2.0, 3.0, 3.0999999999999996, 3.0, 6.0, "mm", "corrected", null, null, null, "2026-11-28T00:19:39.098+00:00"], [2.0, 3.0, 4.0, 3.8, 3.5, 9.0, "mm", "corrected", null, null, null, "2026-11-28T00:19:39.110+00:00"]]]',1,'2026-11-28T00:19:39.110+00:00');
CREATE TABLE landmarks (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            colour TEXT,
            side TEXT,
            removed INTEGER NOT NULL DEFAULT 0
        );
INSERT INTO "landmarks" VALUES(1,'carina','bifurcation','#ff8800',NULL,0);
INSERT INTO "landmarks" VALUES(2,'apex','',NULL,'left',0);
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
        ;
INSERT INTO "points" VALUES(1,1,'human',NULL,5.0,6.0,6.0,5.0,NULL,'px','manual',NULL,NULL,'AB','2026-11-28T00:19:39.070+00:00');
INSERT INTO "points" VALUES(2,1,'predicted',1.5,2.25,3.0,3.09999999999999964472e+00,3.125,7.5,'mm','predicted',0.75,'instant',NULL,'2026-11-28T00:19:39.086+00:00');
INSERT INTO "points" VALUES(2,2,'human',1.0,2.0,3.0,3.09999999999999964472e+00,3.0,6.0,'mm','corrected',NULL,NULL,NULL,'2026-11-28T00:19:39.098+00:00');
CREATE UNIQUE INDEX landmark_names ON landmarks (name) WHERE removed = 0;
CREATE INDEX points_by_landmark ON points (landmark_id, case_id, kind);
CREATE INDEX journal_state ON journal (undone, id);
COMMIT;
