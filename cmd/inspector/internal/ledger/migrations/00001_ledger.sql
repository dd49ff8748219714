-- Times are UTC milliseconds. Ids are text made by the program: SQLite gives a bigint primary key
-- no number of its own. Hashes are 64 hexadecimal digits. The same text runs on PostgreSQL.

-- +goose Up

-- Every verified record, as it was sent. variant is 0 for the first bytes under a number; more mean
-- that the box sent other bytes under the same number (a fork). pending tells what a later day has
-- to do again: 'unreadable' after an upgrade, 'held' when its key is confirmed.
create table records (
	device         text    not null,
	epoch          text    not null,
	seq            bigint  not null,
	variant        integer not null,
	hash           text    not null,
	kind           text    not null,
	kid            text    not null,
	unconfirmed    boolean not null,
	line           text    not null,
	received_at    bigint  not null,
	rated_at       bigint,
	rated_error_ms bigint  not null,
	rated_how      text    not null,
	pending        text    not null,
	primary key (device, epoch, seq, variant)
);
create index records_pending on records (pending, device) where pending <> '';

-- Unbroken stretches of records. prev is what the first builds on, head the hash of the last. The
-- stretch from 0 has nothing before it: its last record is how far an epoch is complete.
create table runs (
	device     text   not null,
	epoch      text   not null,
	first_seq  bigint not null,
	last_seq   bigint not null,
	prev       text   not null,
	head       text   not null,
	changed_at bigint not null,
	primary key (device, epoch, first_seq)
);

-- Stretches that the box has said it no longer has.
create table gaps (
	device    text   not null,
	epoch     text   not null,
	first_seq bigint not null,
	last_seq  bigint not null,
	why       text   not null,
	told_at   bigint not null,
	primary key (device, epoch, first_seq)
);

-- One row an evaluation record, never one for an alert. Records with the same root are one
-- evaluation: root is the id of the one that was amended, or the record's own.
create table evaluations (
	device         text    not null,
	epoch          text    not null,
	seq            bigint  not null,
	variant        integer not null,
	evaluation     text    not null,
	root           text    not null,
	region         text    not null,
	branch         text    not null,
	counter        text    not null,
	business       text    not null,
	teller         text    not null,
	service        text    not null,
	ui             text    not null,
	outcome        text    not null,
	prompted       boolean not null,
	dissatisfied   boolean not null,
	overall        integer,
	attitude       integer,
	efficiency     integer,
	compliance     integer,
	reasons        text    not null,
	flags          text    not null,
	rated_at       bigint  not null,
	rated_error_ms bigint  not null,
	received_at    bigint  not null,
	primary key (device, epoch, seq, variant)
);
create index evaluations_root on evaluations (device, root);
create index evaluations_rated on evaluations (rated_at);

-- doc is the whole case but for its history. due_at is the next deadline that is neither met nor
-- breached; pending_by the earliest that is not met.
create table cases (
	id                  text    not null primary key,
	device              text    not null,
	evaluation          text    not null,
	region              text    not null,
	branch              text    not null,
	counter             text    not null,
	state               text    not null,
	kid                 text    not null,
	unconfirmed         boolean not null,
	rated_at            bigint  not null,
	received_at         bigint  not null,
	investigate_by      bigint  not null,
	plan_by             bigint  not null,
	desk_investigate_by bigint  not null,
	desk_plan_by        bigint  not null,
	due_at              bigint,
	pending_by          bigint,
	doc                 text    not null,
	unique (device, evaluation)
);
create index cases_due on cases (due_at) where due_at is not null;
create index cases_pending on cases (pending_by) where pending_by is not null;
create index cases_unconfirmed on cases (device, kid, received_at) where unconfirmed;
create index cases_branch on cases (branch, received_at);

create table case_history (
	case_id text    not null references cases (id),
	n       integer not null,
	at      bigint  not null,
	entry   text    not null,
	primary key (case_id, n)
);

create table keys (
	device        text   not null,
	kid           text   not null,
	key           text   not null,
	standing      text   not null,
	introduced_at bigint not null,
	confirmed_at  bigint,
	confirmed_by  text,
	primary key (device, kid)
);

create table devices (
	device        text   not null primary key,
	region        text   not null,
	branch        text   not null,
	state         text   not null,
	key           text   not null,
	status        text   not null,
	health        text,
	first_seen_at bigint not null,
	changed_at    bigint not null,
	heard_at      bigint
);

create table anchors (
	device  text   not null,
	boot    text   not null,
	doc     text   not null,
	kept_at bigint not null,
	primary key (device, boot)
);

create table incidents (
	id        text   not null primary key,
	kind      text   not null,
	device    text   not null,
	evidence  text   not null,
	latest    text   not null,
	count     bigint not null,
	first_at  bigint not null,
	last_at   bigint not null,
	closed_at bigint,
	closed_by text,
	words     text
);
create unique index incidents_open on incidents (kind, device) where closed_at is null;

create table dead_letters (
	n       bigint not null primary key,
	topic   text   not null,
	payload text   not null,
	reason  text   not null,
	at      bigint not null
);

create table counters (
	name  text   not null primary key,
	value bigint not null
);
