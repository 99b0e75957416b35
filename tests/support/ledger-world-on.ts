import { createWorld, type World } from '../../src/ledger/__fixtures__/ledger-world.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase } from './postgres.ts';

/** A ledger's world on a SQLite file, or on a PostgreSQL database of its own. `close` throws both away. */
export async function createWorldOn(
  dialect: 'sqlite' | 'postgres',
): Promise<{ world: World; close: () => Promise<void> }> {
  if (dialect === 'sqlite') {
    const world = await createWorld(openStorage, { inFile: true });
    return { world, close: () => world.close() };
  }
  const database = await createTestDatabase();
  const world = await createWorld(openStorage, { url: database.url });
  return {
    world,
    async close() {
      await world.close();
      await database.drop();
    },
  };
}
