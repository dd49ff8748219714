-- +goose Up

-- code is what the customer of an evaluation can ask by: that of its root. '' is not filled yet.
alter table evaluations add column code text not null default '';
create index evaluations_code on evaluations (code);
alter table cases add column code text not null default '';
create index cases_code on cases (code);

-- How each counter asks, as its box told at its last start: doc is wire.CounterRules. All rows of one
-- start have the number of its first record in common; those before it go when it is complete.
create table rules (
	device    text    not null,
	counter   text    not null,
	epoch     text    not null,
	first_seq bigint  not null,
	part      integer not null,
	kid       text    not null,
	doc       text    not null,
	told_at   bigint  not null,
	primary key (device, counter)
);

-- Presses that were refused, as boxes tell each hour. counter is '' for all of the box's.
create table tallies (
	device  text    not null,
	epoch   text    not null,
	seq     bigint  not null,
	variant integer not null,
	region  text    not null,
	branch  text    not null,
	counter text    not null,
	at      bigint  not null,
	refused text    not null,
	primary key (device, epoch, seq, variant)
);
create index tallies_at on tallies (at);
