-- Portal of the sandbox. Moments are ISO 8601 UTC text; days are ISO dates; JSON columns hold flat objects.
-- Applied at every start, so each statement must be repeatable.

CREATE TABLE IF NOT EXISTS portal_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS account (
  id INTEGER PRIMARY KEY,
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('person', 'organisation')),
  full_name TEXT NOT NULL,
  identity_number TEXT NOT NULL UNIQUE,
  issued_on TEXT NOT NULL,
  issued_by TEXT NOT NULL,
  birthday TEXT NOT NULL,
  gender TEXT NOT NULL CHECK (gender IN ('male', 'female')),
  phone TEXT NOT NULL,
  email TEXT NOT NULL,
  organisation TEXT NOT NULL DEFAULT '',
  tax_code TEXT NOT NULL DEFAULT '',
  certificate TEXT NOT NULL DEFAULT '',          -- name of the PKI entity, for the demo and the tests
  failed_passwords INTEGER NOT NULL DEFAULT 0,
  locked_until TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS login_session (
  id TEXT PRIMARY KEY,                            -- SHA-256 of the cookie's value
  account INTEGER REFERENCES account(id) ON DELETE CASCADE,   -- NULL until the log-in
  created_at TEXT NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS captcha (
  id TEXT PRIMARY KEY,
  answer TEXT NOT NULL,
  session TEXT NOT NULL,
  created_at TEXT NOT NULL,
  used_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS csrf_token (
  token TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  purpose TEXT NOT NULL,
  created_at TEXT NOT NULL,
  used_at TEXT
) STRICT;

-- ---------------------------------------------------------------- procedures

CREATE TABLE IF NOT EXISTS agency (code TEXT PRIMARY KEY, name TEXT NOT NULL, level TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS procedure (
  id INTEGER PRIMARY KEY,                         -- the internal integer of iGate 1 pages ("matt")
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  search_name TEXT NOT NULL,                      -- folded: lower case without diacritics
  field TEXT NOT NULL,
  level TEXT NOT NULL,                            -- muc_do: 'toan-trinh' | 'mot-phan' | 'thong-tin'
  audience TEXT NOT NULL,                         -- doi_tuong: 'ca-nhan' | 'to-chuc' | 'tat-ca'
  place TEXT NOT NULL,                            -- cap_thuc_hien: 'tinh' | 'xa'
  processing_time TEXT NOT NULL DEFAULT '',       -- '' = not stated
  processing_days INTEGER,                        -- working days, NULL = not stated
  online INTEGER NOT NULL DEFAULT 1,
  steps TEXT NOT NULL DEFAULT '',
  requirements TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS procedure_agency (
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  agency TEXT NOT NULL REFERENCES agency(code),
  PRIMARY KEY (procedure, agency)
) STRICT;

CREATE TABLE IF NOT EXISTS procedure_case (       -- trường hợp (process); most procedures have one
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (procedure, number)
) STRICT;

CREATE TABLE IF NOT EXISTS component_spec (
  id INTEGER PRIMARY KEY,                         -- in GiayToCuaHoSoOnline_<id>_fileGiayTo
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  row INTEGER NOT NULL,
  case_number INTEGER,                            -- NULL = in every case
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  mandatory INTEGER NOT NULL,
  conditional INTEGER NOT NULL,
  originals INTEGER NOT NULL,
  copies INTEGER NOT NULL,
  heading INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS component_form (
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  number INTEGER NOT NULL,                        -- 1, 2, ... within the procedure: form_file(code, number)
  component INTEGER NOT NULL REFERENCES component_spec(id),
  name TEXT NOT NULL,
  PRIMARY KEY (procedure, number)
) STRICT;

CREATE TABLE IF NOT EXISTS procedure_fee (
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('phi', 'le-phi')),
  amount INTEGER NOT NULL,                        -- đồng, at the counter
  online_amount INTEGER NOT NULL,
  PRIMARY KEY (procedure, number)
) STRICT;

-- ---------------------------------------------------------------- administrative units

CREATE TABLE IF NOT EXISTS province (code TEXT NOT NULL, levels INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (levels, code)) STRICT;
CREATE TABLE IF NOT EXISTS district (code TEXT PRIMARY KEY, province TEXT NOT NULL, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS commune (code TEXT NOT NULL, levels INTEGER NOT NULL, province TEXT NOT NULL,
  district TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, PRIMARY KEY (levels, code)) STRICT;

-- ---------------------------------------------------------------- files and drafts

CREATE TABLE IF NOT EXISTS blob (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, content BLOB NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS draft (
  sid TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account(id),
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  case_number INTEGER NOT NULL,
  agency TEXT NOT NULL REFERENCES agency(code),
  step TEXT NOT NULL DEFAULT 'applicant',         -- furthest page allowed: applicant, components, fees, confirmation
  applicant TEXT NOT NULL DEFAULT '{}',           -- JSON of CongDan_*
  owner TEXT NOT NULL DEFAULT '{}',               -- JSON of ChuHoSo_* and chkbox_nguoinoplachuhs
  subject TEXT NOT NULL DEFAULT '',               -- HoSoOnline_veViec
  note TEXT NOT NULL DEFAULT '',                  -- HoSoOnline_ghiChu
  payment TEXT NOT NULL DEFAULT '',
  file_token TEXT NOT NULL,                       -- guards upload, delete and signing requests of this draft
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'submitted')),
  dossier TEXT,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS draft_row (
  sid TEXT NOT NULL REFERENCES draft(sid) ON DELETE CASCADE,
  slot TEXT NOT NULL,                             -- '<component id>' or 'other-1'..'other-3'
  ticked INTEGER NOT NULL DEFAULT 0,
  copies INTEGER NOT NULL DEFAULT 1,
  name TEXT NOT NULL DEFAULT '',                  -- of a free row
  PRIMARY KEY (sid, slot)
) STRICT;

CREATE TABLE IF NOT EXISTS upload (
  id INTEGER PRIMARY KEY,
  sid TEXT NOT NULL REFERENCES draft(sid) ON DELETE CASCADE,
  slot TEXT NOT NULL,                             -- '<component id>', 'other-1'..'other-3' or 'extra' (catch-all)
  stored_name TEXT NOT NULL,
  original_name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob(sha256),
  unsigned_name TEXT,                             -- with unsigned_sha256: what undo restores
  unsigned_sha256 TEXT REFERENCES blob(sha256),
  signed_way TEXT NOT NULL DEFAULT '',            -- '' | token | smartca
  signed_at TEXT,
  signer TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS store_item (           -- kho giấy tờ: the personal store
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account(id),
  name TEXT NOT NULL,
  stored_name TEXT NOT NULL,
  original_name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob(sha256),
  signed_way TEXT NOT NULL DEFAULT '',
  signer TEXT NOT NULL DEFAULT '',
  signed_at TEXT,
  created_at TEXT NOT NULL
) STRICT;

-- ---------------------------------------------------------------- dossiers

CREATE TABLE IF NOT EXISTS dossier_counter (agency TEXT NOT NULL, day TEXT NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (agency, day)) STRICT;

CREATE TABLE IF NOT EXISTS dossier (
  code TEXT PRIMARY KEY,
  sid TEXT NOT NULL,                              -- the draft it came from
  account INTEGER NOT NULL REFERENCES account(id),
  procedure INTEGER NOT NULL REFERENCES procedure(id),
  case_number INTEGER NOT NULL,
  agency TEXT NOT NULL REFERENCES agency(code),
  status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 10),
  submitted_at TEXT NOT NULL,
  appointment TEXT,                               -- ngày hẹn trả, set with Mẫu 01
  subject TEXT NOT NULL,
  note TEXT NOT NULL,
  reference TEXT NOT NULL DEFAULT '',             -- client reference (DVC-...) found in the note, subject or a file name
  applicant TEXT NOT NULL,
  owner TEXT NOT NULL,
  applicant_name TEXT NOT NULL,
  search_text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS dossier_account ON dossier (account, submitted_at);

CREATE TABLE IF NOT EXISTS dossier_component (
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  slot TEXT NOT NULL,
  name TEXT NOT NULL,
  ticked INTEGER NOT NULL,
  copies INTEGER NOT NULL,
  PRIMARY KEY (dossier, slot)
) STRICT;

CREATE TABLE IF NOT EXISTS dossier_file (
  id INTEGER PRIMARY KEY,
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  slot TEXT NOT NULL,
  stored_name TEXT NOT NULL,
  original_name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob(sha256),
  unsigned_sha256 TEXT,
  signed_way TEXT NOT NULL DEFAULT '',
  signed_at TEXT,
  signer TEXT NOT NULL DEFAULT '',
  supplement INTEGER,                             -- supplement_request.id when it came with a supplement
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS dossier_event (
  id INTEGER PRIMARY KEY,
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  at TEXT NOT NULL,
  status INTEGER NOT NULL,
  by TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS paper (
  id INTEGER PRIMARY KEY,
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('1', '2', '3', '4', '5', 'fee', 'result')),   -- Mẫu 01..05, fee notice, result
  file_name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob(sha256),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS supplement_request (
  id INTEGER PRIMARY KEY,
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  asked_at TEXT NOT NULL,
  deadline TEXT,
  request TEXT NOT NULL,
  answered_at TEXT,
  answer TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS dossier_fee (
  id INTEGER PRIMARY KEY,
  dossier TEXT NOT NULL REFERENCES dossier(code) ON DELETE CASCADE,
  name TEXT NOT NULL,
  amount INTEGER NOT NULL,
  asked_at TEXT NOT NULL,
  paid_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS receipt (
  dossier TEXT PRIMARY KEY REFERENCES dossier(code) ON DELETE CASCADE,
  sha256 TEXT NOT NULL REFERENCES blob(sha256),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS late_commit (          -- drill: an accepted request that takes effect later
  id INTEGER PRIMARY KEY,
  sid TEXT NOT NULL,
  token TEXT NOT NULL,
  due_at TEXT NOT NULL
) STRICT;
