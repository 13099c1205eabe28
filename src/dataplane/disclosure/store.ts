import type { Queries } from '../../persistence/database.ts'
import type { ReleasedShape } from './shape.ts'
import { restored, shapeDigest, stored } from './shape.ts'

/** Whose ledger: what one agreement got of one content. */
export interface LedgerKey {
  readonly agreement: string
  readonly dataset: string
  readonly contentVersion: string
}

/** What was released so far, in its order. */
export async function readLedger(db: Queries, ledger: LedgerKey): Promise<ReleasedShape[]> {
  const rows = await db
    .selectFrom('released_shape')
    .select('shape')
    .where('agreement_id', '=', ledger.agreement)
    .where('dataset_id', '=', ledger.dataset)
    .where('content_version', '=', ledger.contentVersion)
    .orderBy('seq')
    .execute()
  return rows.map(({ shape }) => restored(shape))
}

/** Adds a shape behind the `seen` ones. Gives false, and writes nothing, when another came first or it is there already. */
export async function addShape(db: Queries, ledger: LedgerKey, added: { readonly shape: ReleasedShape; readonly seen: number; readonly at: Date }): Promise<boolean> {
  const row = await db
    .insertInto('released_shape')
    .values({
      agreement_id: ledger.agreement,
      dataset_id: ledger.dataset,
      content_version: ledger.contentVersion,
      seq: added.seen + 1,
      shape_sha256: shapeDigest(added.shape),
      shape: JSON.stringify(stored(added.shape)),
      created_at: added.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('seq')
    .executeTakeFirst()
  return row !== undefined
}
