-- A LiteLLM database as an operator may have it: columns of several eras, and rows that are not as one would wish.
-- Secrets of the keys: sk-old-NAME-0123456789, their token is the SHA-256.

create function token_of(name text) returns text language sql
  as $$ select encode(sha256(('sk-old-' || name || '-0123456789')::bytea), 'hex') $$;

create table "LiteLLM_BudgetTable" (
  budget_id text primary key, max_budget double precision, soft_budget double precision, max_parallel_requests int,
  tpm_limit bigint, rpm_limit bigint, model_max_budget jsonb, budget_duration text, budget_reset_at timestamp(3),
  allowed_models text[] default '{}', created_at timestamp(3) default now(), created_by text not null,
  updated_at timestamp(3) default now(), updated_by text not null
);
insert into "LiteLLM_BudgetTable" (budget_id, max_budget, soft_budget, rpm_limit, budget_duration, budget_reset_at, created_by, updated_by, allowed_models) values
  ('member-budget', 0.5, null, null, null, null, 'admin', 'admin', '{mocked,dime}'),
  ('customer-budget', 2, 1.5, 100, null, null, 'admin', 'admin', '{}'),
  ('org-budget', 1000, null, null, null, null, 'admin', 'admin', '{}'),
  ('bad-window', 3, null, -5, '1 fortnight', null, 'admin', 'admin', '{gpt-4}');

create table "LiteLLM_OrganizationTable" (
  organization_id text primary key, organization_alias text not null, budget_id text not null, metadata jsonb default '{}',
  models text[], spend double precision default 0, model_spend jsonb default '{}', object_permission_id text,
  created_at timestamp(3) default now(), created_by text not null, updated_at timestamp(3) default now(), updated_by text not null
);
insert into "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, models, spend, created_by, updated_by)
  values ('org-1', 'Acme', 'org-budget', '{}', 12.5, 'admin', 'admin');

create table "LiteLLM_UserTable" (
  user_id text primary key, user_alias text, team_id text, sso_user_id text, organization_id text, password text,
  teams text[] default '{}', user_role text, max_budget double precision, spend double precision default 0, user_email text,
  models text[] default '{}', metadata jsonb default '{}', max_parallel_requests int, tpm_limit bigint, rpm_limit bigint,
  budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] default '{}', model_spend jsonb default '{}',
  model_max_budget jsonb default '{}', created_at timestamp(3), updated_at timestamp(3)
);
insert into "LiteLLM_UserTable" (user_id, user_alias, user_role, user_email, max_budget, spend, models, metadata, teams, password, rpm_limit, created_at) values
  ('ada', 'Ada', 'internal_user', 'Ada@Example.com', 20, 4.25, '{}', '{"cost_center": "r-and-d"}', '{team-1}', 'a1b2', 500, '2025-01-02 03:04:05.678'),
  ('bob', null, 'proxy_admin', 'bob@example.com', null, 0, '{}', '{}', '{team-1}', null, null, '2025-01-03 00:00:00'),
  ('ada-again', null, 'app_owner', 'ada@example.COM', null, 0, null, null, '{}', null, null, '2025-06-01 00:00:00'),
  ('litellm-proxy-budget', null, null, null, 500, 77.5, '{}', '{}', '{}', null, null, null);

create table "LiteLLM_OrganizationMembership" (
  user_id text, organization_id text, user_role text, spend double precision default 0, budget_id text,
  created_at timestamp(3) default now(), updated_at timestamp(3) default now(), primary key (user_id, organization_id)
);
insert into "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role, spend) values
  ('ada', 'org-1', 'org_admin', 0), ('bob', 'org-1', 'captain', 1);

create table "LiteLLM_ModelTable" (id int primary key, aliases jsonb, created_by text, updated_by text);
insert into "LiteLLM_ModelTable" values (7, '{"cheap": "mocked"}', 'admin', 'admin');

create table "LiteLLM_TeamTable" (
  team_id text primary key, team_alias text, organization_id text, admins text[] default '{}', members text[] default '{}',
  members_with_roles jsonb default '{}', metadata jsonb default '{}', max_budget double precision, spend double precision default 0,
  models text[] default '{}', max_parallel_requests int, tpm_limit bigint, rpm_limit bigint, budget_duration text,
  budget_reset_at timestamp(3), blocked boolean default false, created_at timestamp(3) default now(),
  updated_at timestamp(3) default now(), model_spend jsonb default '{}', model_max_budget jsonb default '{}',
  team_member_permissions text[] default '{}', model_id int, budget_limits jsonb, tpd_limit bigint
);
insert into "LiteLLM_TeamTable" (team_id, team_alias, organization_id, members_with_roles, metadata, max_budget, spend, models, model_id, blocked) values
  ('team-1', 'Research', 'org-1',
   '[{"role": "admin", "user_id": "ada", "user_email": null}, {"role": "user", "user_id": null, "user_email": "BOB@example.com"}, {"role": "user", "user_id": null, "user_email": "nobody@example.com"}]',
   '{"model_rpm_limit": {"mocked": 1000}}', 100, 30.125, '{}', 7, false),
  ('team-blocked', 'Blocked', null, '{}', '{}', null, 0, '{}', null, true);
insert into "LiteLLM_TeamTable" (team_id, admins, members) values ('team-old', '{ada}', '{bob,carol}');
insert into "LiteLLM_TeamTable" (team_id, budget_limits) values ('team-windowed', '[{"budget_duration": "24h", "max_budget": 20}]');

create table "LiteLLM_TeamMembership" (
  user_id text, team_id text, spend double precision default 0, budget_id text, total_spend double precision default 0,
  primary key (user_id, team_id)
);
insert into "LiteLLM_TeamMembership" values ('bob', 'team-1', 0.5, 'member-budget', 0.5), ('gone', 'team-1', 9, 'member-budget', 9);

create table "LiteLLM_EndUserTable" (
  user_id text primary key, alias text, spend double precision default 0, allowed_model_region text, default_model text,
  budget_id text, blocked boolean default false
);
insert into "LiteLLM_EndUserTable" values ('customer-1', 'First', 1.25, 'eu', null, 'customer-budget', false), ('customer-2', null, 0, null, null, null, true);

create table "LiteLLM_TagTable" (
  tag_name text primary key, description text, models text[], model_info jsonb, spend double precision default 0, budget_id text,
  created_at timestamp(3) default now(), created_by text, updated_at timestamp(3) default now()
);
insert into "LiteLLM_TagTable" (tag_name, description, models, spend, budget_id) values ('blue', 'all that is blue', '{}', 0.75, 'customer-budget');

create table "LiteLLM_ProxyModelTable" (
  model_id text primary key, model_name text not null, litellm_params jsonb not null, model_info jsonb,
  created_at timestamp(3) default now(), created_by text not null, updated_at timestamp(3) default now(), updated_by text not null
);
insert into "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_by, updated_by) values
  ('model-plain', 'plain-model', '{"model": "openai/plain", "mock_response": "taken over"}', '{"id": "model-plain", "db_model": true}', 'admin', 'admin'),
  ('model-lost', 'lost-model', '{"model": "openai/lost", "api_key": "v3:gcm:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}', null, 'admin', 'admin');

create table "LiteLLM_VerificationToken" (
  token text primary key, key_name text, key_alias text, soft_budget_cooldown boolean default false,
  spend double precision default 0, expires timestamp(3), models text[] default '{}', aliases jsonb default '{}',
  config jsonb default '{}', user_id text, team_id text, permissions jsonb default '{}', max_parallel_requests int,
  metadata jsonb default '{}', blocked boolean, tpm_limit bigint, rpm_limit bigint, max_budget double precision,
  budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] default '{}', allowed_routes text[] default '{}',
  model_spend jsonb default '{}', model_max_budget jsonb default '{}', budget_id text, organization_id text,
  created_at timestamp(3), created_by text, updated_at timestamp(3), updated_by text, last_active timestamp(3),
  rotation_count int, auto_rotate boolean, rotation_interval text, budget_limits jsonb, key_type text,
  settings_updated_at timestamp(3), tpd_limit bigint, total_spend double precision not null default 0,
  favourite_colour text
);
insert into "LiteLLM_VerificationToken" (token, key_name, key_alias, user_id, team_id, models, max_budget, spend, rpm_limit, tpm_limit, metadata, created_at, created_by, model_max_budget, model_spend, favourite_colour) values
  (token_of('team'), 'sk-...6789', 'team-key', 'ada', 'team-1', '{mocked,cheap}', 50, 7.5, 1000, 1000000, '{"tags": ["blue"], "note": "kept"}', '2025-02-03 04:05:06.789', 'ada', '{"mocked": {"budget_limit": 5, "time_period": "1d"}}', '{"mocked": 1.5}', 'green');
insert into "LiteLLM_VerificationToken" (token, key_alias, created_at) values
  (token_of('bare'), null, null),
  (token_of('twin-a'), 'twin', '2025-03-01 00:00:00'),
  (token_of('twin-b'), 'twin', '2025-04-01 00:00:00');
insert into "LiteLLM_VerificationToken" (token, key_alias, expires) values (token_of('expired'), 'expired-key', '2025-05-05 05:05:05');
insert into "LiteLLM_VerificationToken" (token, key_alias, blocked) values (token_of('blocked'), 'blocked-key', true);
insert into "LiteLLM_VerificationToken" (token, key_alias, max_budget, spend) values (token_of('spent'), 'spent-key', 1, 1);
insert into "LiteLLM_VerificationToken" (token, key_alias, max_budget, budget_duration, budget_reset_at, spend) values
  (token_of('monthly'), 'monthly-key', 10, '30d', date_trunc('month', timezone('utc', now())) + interval '1 month', 3.5),
  (token_of('adrift'), 'adrift-key', 10, '30d', date_trunc('month', timezone('utc', now())) + interval '1 month 3 hours', 2.5),
  (token_of('past'), 'past-key', 10, '1d', '2025-05-05 00:00:00', 9.5);
insert into "LiteLLM_VerificationToken" (token, key_alias, rpm_limit) values (token_of('rpm'), 'rpm-key', 1);
insert into "LiteLLM_VerificationToken" (token, key_alias, user_id, team_id) values (token_of('member'), 'member-key', 'bob', 'team-1');
insert into "LiteLLM_VerificationToken" (token, key_alias, team_id) values (token_of('halted'), 'halted-key', 'team-blocked');
insert into "LiteLLM_VerificationToken" (token, key_alias) values ('sk-never-hashed', 'unhashed');
insert into "LiteLLM_VerificationToken" (token, key_alias, models, max_budget) values (token_of('odd'), 'odd-key', array[null]::text[], 'Infinity');
update "LiteLLM_VerificationToken" set key_type = 'superuser' where key_alias = 'odd-key';
update "LiteLLM_VerificationToken" set key_type = 'llm_api', settings_updated_at = now(), tpd_limit = 1000000 where key_alias = 'team-key';
update "LiteLLM_VerificationToken" set total_spend = 30.25 where key_alias = 'monthly-key';
insert into "LiteLLM_VerificationToken" (token, key_alias, budget_limits) values (token_of('windows'), 'windows-key',
  '[{"budget_duration": "1d", "max_budget": 5}, {"budget_duration": "7d", "max_budget": 50}, {"budget_duration": "1mo", "max_budget": 90}]');
insert into "LiteLLM_VerificationToken" (token, key_alias, max_budget, budget_duration, budget_reset_at, spend, budget_limits) values
  (token_of('doubled'), 'doubled-key', 10, '30d', date_trunc('month', timezone('utc', now())) + interval '1 month', 3.5, '[{"budget_duration": "30d", "max_budget": 8}]');
insert into "LiteLLM_VerificationToken" (token, key_alias, budget_id) values (token_of('linked'), 'linked-key', 'customer-budget');
insert into "LiteLLM_VerificationToken" (token, key_alias, team_id) values (token_of('grouped'), 'grouped-key', 'team-windowed');

create table "LiteLLM_BudgetWindowSpend" (
  entity_type text, entity_id text, window_duration text, window_start timestamp(3) not null, spend double precision not null default 0,
  created_at timestamp(3) default now(), updated_at timestamp(3), primary key (entity_type, entity_id, window_duration)
);
insert into "LiteLLM_BudgetWindowSpend" (entity_type, entity_id, window_duration, window_start, spend) values
  ('key', token_of('windows'), '1d', date_trunc('day', timezone('utc', now())), 1.25),
  ('key', token_of('windows'), '24h', date_trunc('day', timezone('utc', now())), 3),
  ('key', token_of('windows'), '7d', '2025-05-05 00:00:00', 40),
  ('key', token_of('doubled'), '30d', date_trunc('month', timezone('utc', now())), 4),
  ('team', 'team-windowed', '24h', date_trunc('day', timezone('utc', now())), 20);

create table "LiteLLM_DeprecatedVerificationToken" (
  id text primary key, token text unique not null, active_token_id text not null, revoke_at timestamp(3) not null,
  created_at timestamp(3) not null default now()
);
insert into "LiteLLM_DeprecatedVerificationToken" (id, token, active_token_id, revoke_at, created_at) values
  ('g-1', token_of('team-previous'), token_of('team'), timezone('utc', now()) + interval '2 days', timezone('utc', now()) - interval '1 day'),
  ('g-2', token_of('team-gone'), token_of('team'), timezone('utc', now()) - interval '2 days', timezone('utc', now())),
  ('g-3', token_of('team-older'), token_of('team'), timezone('utc', now()) + interval '3 days', timezone('utc', now()) - interval '2 days'),
  ('g-4', token_of('bare'), token_of('blocked'), timezone('utc', now()) + interval '2 days', timezone('utc', now())),
  ('g-5', token_of('orphan'), token_of('nobody'), timezone('utc', now()) + interval '2 days', timezone('utc', now()));

create table "LiteLLM_DeletedVerificationToken" (
  id text primary key, token text not null, key_alias text, spend double precision default 0, deleted_at timestamp(3), deleted_by text
);
insert into "LiteLLM_DeletedVerificationToken" values ('d-1', token_of('deleted'), 'team-key', 3, '2025-06-06 06:06:06', 'bob');

create table "LiteLLM_SpendLogs" (request_id text primary key, spend double precision);
insert into "LiteLLM_SpendLogs" values ('chatcmpl-1', 1);
create table "LiteLLM_Config" (param_name text primary key, param_value jsonb);
create table unrelated (id int);
