-- What customers say on their own phones, by a code that a box has shown. It stands beside the sealed
-- ledger: no device vouches for the words, only for the code. One a transaction: evaluation is the root of
-- the pad's own records of it (evaluations.root), whether those have come or not.

-- +goose Up

create table phone_ratings (
	device          text    not null,
	evaluation      text    not null,
	region          text    not null,
	branch          text    not null,
	counter         text    not null,
	kid             text    not null,
	source          text    not null,
	ui              text    not null,
	dissatisfied    boolean not null,
	overall         integer,
	attitude        integer,
	efficiency      integer,
	compliance      integer,
	reasons         text    not null,
	made_at         bigint,
	made_error_ms   bigint  not null,
	made_how        text    not null,
	taken_at        bigint  not null,
	idempotency_key text    not null unique,
	body_hash       text    not null,
	primary key (device, evaluation)
);
create index phone_ratings_taken on phone_ratings (taken_at);

-- A code names its box's key by the beginning only.
create index keys_prefix on keys (substr(kid, 1, 8));

-- +goose StatementBegin
create trigger phone_ratings_keep before update on phone_ratings
begin select raise(abort, 'what a customer has said is never changed'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger phone_ratings_stay before delete on phone_ratings
begin select raise(abort, 'what a customer has said is never removed'); end;
-- +goose StatementEnd
