-- What must never happen is refused by the database itself, whoever asks. Triggers are the one
-- place where SQLite and PostgreSQL differ; this is SQLite's wording.

-- +goose Up

-- +goose StatementBegin
create trigger case_history_keeps before update on case_history
begin select raise(abort, 'a line of history is never changed'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger case_history_stays before delete on case_history
begin select raise(abort, 'a line of history is never removed'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger cases_stay before delete on cases
begin select raise(abort, 'a case is never removed'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger cases_keep_promises
before update of device, evaluation, rated_at, received_at,
	investigate_by, plan_by, desk_investigate_by, desk_plan_by on cases
when new.device <> old.device or new.evaluation <> old.evaluation
	or new.rated_at <> old.rated_at or new.received_at <> old.received_at
	or new.investigate_by <> old.investigate_by or new.plan_by <> old.plan_by
	or new.desk_investigate_by <> old.desk_investigate_by or new.desk_plan_by <> old.desk_plan_by
begin select raise(abort, 'a deadline never moves'); end;
-- +goose StatementEnd
