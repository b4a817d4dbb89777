-- The tables of a new register in an SQLite file, as schema.py describes them (a test compares the two). Statements are
-- separated by empty lines; a table comes after the tables to which it refers.

CREATE TABLE scan (
  id INTEGER NOT NULL,
  scan_id TEXT NOT NULL,
  started_at VARCHAR(27) NOT NULL,
  finished_at VARCHAR(27) NOT NULL,
  completion VARCHAR(20) NOT NULL,
  site TEXT NOT NULL,
  targets TEXT NOT NULL,
  pace TEXT NOT NULL,
  version TEXT NOT NULL,
  "database" TEXT NOT NULL,
  coverage TEXT NOT NULL,
  devices INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (scan_id)
);

CREATE TABLE fact (
  id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  "key" TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (digest)
);

CREATE TABLE payload (
  id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (digest)
);

CREATE TABLE site (
  name TEXT NOT NULL,
  ref TEXT NOT NULL,
  type TEXT NOT NULL,
  sensitivity TEXT NOT NULL,
  controller TEXT NOT NULL,
  owner_service TEXT NOT NULL,
  network_zone TEXT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE overview (
  name VARCHAR(20) NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE touched (
  device_id INTEGER NOT NULL,
  PRIMARY KEY (device_id)
);

CREATE TABLE device (
  id INTEGER NOT NULL,
  asset_id VARCHAR(32) NOT NULL,
  site TEXT NOT NULL,
  provisional BOOLEAN NOT NULL,
  first_seen VARCHAR(27),
  last_seen VARCHAR(27),
  first_scan INTEGER,
  last_scan INTEGER,
  sightings INTEGER NOT NULL,
  maker TEXT,
  brand TEXT,
  model TEXT,
  firmware TEXT,
  serial TEXT,
  mac TEXT,
  kind TEXT,
  is_camera_system BOOLEAN,
  confidence VARCHAR(20) NOT NULL,
  certainty FLOAT NOT NULL,
  known TEXT NOT NULL,
  evidence_digest BLOB NOT NULL,
  record_type VARCHAR(20) DEFAULT 'network' NOT NULL,
  presence VARCHAR(20) DEFAULT 'seen' NOT NULL,
  scans_missed INTEGER DEFAULT '0' NOT NULL,
  recorder_id INTEGER,
  channel INTEGER,
  channels INTEGER,
  merged_into INTEGER,
  PRIMARY KEY (id),
  UNIQUE (asset_id),
  FOREIGN KEY(first_scan) REFERENCES scan (id),
  FOREIGN KEY(last_scan) REFERENCES scan (id),
  CONSTRAINT fk_device_recorder_id FOREIGN KEY(recorder_id) REFERENCES device (id),
  CONSTRAINT fk_device_merged_into FOREIGN KEY(merged_into) REFERENCES device (id)
);

CREATE TABLE attempt (
  id INTEGER NOT NULL,
  scan INTEGER NOT NULL,
  ip TEXT NOT NULL,
  port INTEGER NOT NULL,
  probe TEXT NOT NULL,
  outcome VARCHAR(20) NOT NULL,
  detail TEXT NOT NULL,
  payload_id INTEGER,
  seen_at VARCHAR(27) NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(scan) REFERENCES scan (id),
  FOREIGN KEY(payload_id) REFERENCES payload (id)
);

CREATE INDEX ix_attempt_scan_ip ON attempt (scan, ip);

CREATE TABLE tally (
  scan INTEGER NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (scan),
  FOREIGN KEY(scan) REFERENCES scan (id)
);

CREATE TABLE subnet (
  cidr VARCHAR(50) NOT NULL,
  site TEXT NOT NULL,
  vlan TEXT NOT NULL,
  network_zone TEXT NOT NULL,
  controller TEXT NOT NULL,
  PRIMARY KEY (cidr),
  FOREIGN KEY(site) REFERENCES site (name)
);

CREATE TABLE device_key (
  kind VARCHAR(20) NOT NULL,
  value TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  first_scan INTEGER,
  last_scan INTEGER,
  PRIMARY KEY (kind, value, device_id),
  FOREIGN KEY(device_id) REFERENCES device (id),
  FOREIGN KEY(first_scan) REFERENCES scan (id),
  FOREIGN KEY(last_scan) REFERENCES scan (id)
);

CREATE INDEX ix_device_key_device ON device_key (device_id);

CREATE TABLE device_address (
  device_id INTEGER NOT NULL,
  kind VARCHAR(3) NOT NULL,
  value TEXT NOT NULL,
  position INTEGER NOT NULL,
  first_scan INTEGER NOT NULL,
  last_scan INTEGER NOT NULL,
  PRIMARY KEY (device_id, kind, value),
  FOREIGN KEY(device_id) REFERENCES device (id),
  FOREIGN KEY(first_scan) REFERENCES scan (id),
  FOREIGN KEY(last_scan) REFERENCES scan (id)
);

CREATE INDEX ix_device_address_value ON device_address (value);

CREATE TABLE device_state (
  id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_device_state UNIQUE (device_id, digest),
  FOREIGN KEY(device_id) REFERENCES device (id)
);

CREATE TABLE observation (
  id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  ip TEXT NOT NULL,
  port INTEGER NOT NULL,
  probe TEXT NOT NULL,
  fact_id INTEGER NOT NULL,
  seen_at VARCHAR(27) NOT NULL,
  first_scan INTEGER NOT NULL,
  last_scan INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY(device_id) REFERENCES device (id),
  FOREIGN KEY(fact_id) REFERENCES fact (id),
  FOREIGN KEY(first_scan) REFERENCES scan (id),
  FOREIGN KEY(last_scan) REFERENCES scan (id)
);

CREATE INDEX ix_observation_device ON observation (device_id);

CREATE TABLE "conflict" (
  id INTEGER NOT NULL,
  scan INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  kind VARCHAR(30) NOT NULL,
  detail TEXT NOT NULL,
  other_id INTEGER,
  decision VARCHAR(20),
  settled_at VARCHAR(27),
  settled_by TEXT,
  PRIMARY KEY (id),
  FOREIGN KEY(scan) REFERENCES scan (id),
  FOREIGN KEY(device_id) REFERENCES device (id),
  CONSTRAINT fk_conflict_other_id FOREIGN KEY(other_id) REFERENCES device (id)
);

CREATE INDEX ix_conflict_device ON "conflict" (device_id);

CREATE TABLE event (
  id INTEGER NOT NULL,
  scan INTEGER,
  after_scan INTEGER NOT NULL,
  device_id INTEGER,
  at VARCHAR(27) NOT NULL,
  kind VARCHAR(40) NOT NULL,
  old TEXT NOT NULL,
  new TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(scan) REFERENCES scan (id),
  FOREIGN KEY(device_id) REFERENCES device (id)
);

CREATE INDEX ix_event_after_scan ON event (after_scan);

CREATE TABLE people (
  device_id INTEGER NOT NULL,
  entries TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (device_id),
  FOREIGN KEY(device_id) REFERENCES device (id)
);

CREATE TABLE change (
  id INTEGER NOT NULL,
  at VARCHAR(27) NOT NULL,
  role TEXT NOT NULL,
  how TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  column_name VARCHAR(40) NOT NULL,
  old TEXT NOT NULL,
  new TEXT NOT NULL,
  because TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(device_id) REFERENCES device (id)
);

CREATE INDEX ix_change_device ON change (device_id);

CREATE TABLE listing (
  device_id INTEGER NOT NULL,
  asset_id VARCHAR(32) NOT NULL,
  tag TEXT NOT NULL,
  site TEXT NOT NULL,
  address TEXT NOT NULL,
  maker TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  firmware TEXT NOT NULL,
  kind TEXT NOT NULL,
  confidence VARCHAR(20) NOT NULL,
  presence VARCHAR(20) NOT NULL,
  lifecycle VARCHAR(20) NOT NULL,
  in_scope VARCHAR(10) NOT NULL,
  priority INTEGER,
  standing VARCHAR(20) NOT NULL,
  planned VARCHAR(10) NOT NULL,
  last_seen VARCHAR(27),
  system_key VARCHAR(32) NOT NULL,
  site_key TEXT NOT NULL,
  pence BIGINT,
  answers BOOLEAN NOT NULL,
  until VARCHAR(10),
  ips TEXT NOT NULL,
  make TEXT NOT NULL,
  badge TEXT NOT NULL,
  spot TEXT NOT NULL,
  missed INTEGER NOT NULL,
  other BOOLEAN NOT NULL,
  hay TEXT NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (device_id),
  FOREIGN KEY(device_id) REFERENCES device (id)
);

CREATE INDEX ix_listing_address ON listing (address);

CREATE INDEX ix_listing_asset_id ON listing (asset_id);

CREATE INDEX ix_listing_confidence ON listing (confidence);

CREATE INDEX ix_listing_firmware ON listing (firmware);

CREATE INDEX ix_listing_in_scope ON listing (in_scope);

CREATE INDEX ix_listing_kind ON listing (kind);

CREATE INDEX ix_listing_last_seen ON listing (last_seen);

CREATE INDEX ix_listing_lifecycle ON listing (lifecycle);

CREATE INDEX ix_listing_maker ON listing (maker);

CREATE INDEX ix_listing_model ON listing (model);

CREATE INDEX ix_listing_planned ON listing (planned);

CREATE INDEX ix_listing_presence ON listing (presence);

CREATE INDEX ix_listing_priority ON listing (priority);

CREATE INDEX ix_listing_serial ON listing (serial);

CREATE INDEX ix_listing_site ON listing (site);

CREATE INDEX ix_listing_site_key ON listing (site_key);

CREATE INDEX ix_listing_standing ON listing (standing);

CREATE INDEX ix_listing_system_key ON listing (system_key);

CREATE INDEX ix_listing_tag ON listing (tag);

CREATE INDEX ix_listing_until ON listing (until);

CREATE TABLE sighting (
  scan INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  state_id INTEGER NOT NULL,
  first_seen VARCHAR(27) NOT NULL,
  last_seen VARCHAR(27) NOT NULL,
  PRIMARY KEY (scan, device_id),
  FOREIGN KEY(scan) REFERENCES scan (id),
  FOREIGN KEY(device_id) REFERENCES device (id),
  FOREIGN KEY(state_id) REFERENCES device_state (id)
);

CREATE INDEX ix_sighting_device ON sighting (device_id);

CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
