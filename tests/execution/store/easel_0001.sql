BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE jobs (
	sequence INTEGER NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	number FLOAT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	finished_at BIGINT, 
	finished_order INTEGER, 
	prompt TEXT NOT NULL, 
	extra_data TEXT NOT NULL, 
	targets TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	meta TEXT NOT NULL, 
	messages TEXT NOT NULL, 
	timings TEXT NOT NULL, 
	error TEXT, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "jobs" VALUES(1,'done',0.0,'completed',1,1000,1795230960031,1795230960043,1,'{"3": {"class_type": "KSampler", "inputs": {"seed": 1180591620717411303424, "text": "a done apple"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}}','{"extra_pnginfo": {"workflow": {"id": "wf-1", "nodes": []}}, "client_id": "me"}','["9"]','{"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}','{"9": {"node_id": "9"}}','[["execution_success", {}]]','{"3": {"seconds": 0.5, "cached": false}}',NULL);
INSERT INTO "jobs" VALUES(2,'failed',1.0,'failed',1,1001,1795230960055,1795230960058,2,'{"3": {"class_type": "KSampler", "inputs": {"seed": 1180591620717411303424, "text": "a failed apple"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}}','{"extra_pnginfo": {"workflow": {"id": "wf-1", "nodes": []}}, "client_id": "me"}','["9"]','{}','{}','[]','{}','{"exception_message": "no"}');
INSERT INTO "jobs" VALUES(3,'ran',2.0,'running',1,1002,1795230960067,NULL,NULL,'{"3": {"class_type": "KSampler", "inputs": {"seed": 1180591620717411303424, "text": "a ran apple"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}}','{}','["9"]','{}','{}','[]','{}',NULL);
INSERT INTO "jobs" VALUES(4,'waits',3.0,'pending',0,1003,NULL,NULL,NULL,'{"3": {"class_type": "KSampler", "inputs": {"seed": 1180591620717411303424, "text": "a waits apple"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}}','{}','["9"]','{}','{}','[]','{}',NULL);
CREATE INDEX jobs_in_queue_order ON jobs (status, number, sequence);
CREATE INDEX jobs_in_history_order ON jobs (finished_order);
COMMIT;
