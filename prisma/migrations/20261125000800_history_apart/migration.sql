-- What ended, apart from what lives. Every change of status writes to every index that holds the row; without an index
-- over both only a settlement and a replay meet those that grow with the history. tasks_live and this one, merged by
-- status, answer what tasks_newest and tasks_dead did.
CREATE INDEX tasks_ended ON tasks (tenant_id, status, id DESC) WHERE status IN ('completed', 'failed', 'cancelled');
DROP INDEX tasks_newest;
DROP INDEX tasks_dead;
