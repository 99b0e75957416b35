import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { OwnerReaders } from './owner-storage.ts';
import {
  BUDGETS,
  END_USERS,
  MODELS,
  ORGANIZATION_MEMBERS,
  ORGANIZATIONS,
  TAGS,
  TEAM_MEMBERS,
  TEAMS,
  USERS,
} from './owner-tables.ts';
import { createRecordReader } from './record-reader.ts';

export function createOwnerReaders(reads: Kysely<Database>): OwnerReaders {
  return {
    users: createRecordReader(reads, USERS),
    teams: createRecordReader(reads, TEAMS),
    organizations: createRecordReader(reads, ORGANIZATIONS),
    endUsers: createRecordReader(reads, END_USERS),
    tags: createRecordReader(reads, TAGS),
    budgets: createRecordReader(reads, BUDGETS),
    models: createRecordReader(reads, MODELS),
    teamMembers: createRecordReader(reads, TEAM_MEMBERS),
    organizationMembers: createRecordReader(reads, ORGANIZATION_MEMBERS),
  };
}
