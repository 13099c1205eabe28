import type { Queries } from '../../persistence/database.ts'

/** Notes that a message came. Gives false when it came before. */
export async function noteReceived(db: Queries, processId: string, messageId: string, at: Date): Promise<boolean> {
  const row = await db
    .insertInto('received_message')
    .values({ process_id: processId, message_id: messageId, received_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .returning('message_id')
    .executeTakeFirst()
  return row !== undefined
}

/** Whether this message was received before. */
export async function wasReceived(db: Queries, processId: string, messageId: string): Promise<boolean> {
  const row = await db.selectFrom('received_message').select('message_id').where('process_id', '=', processId).where('message_id', '=', messageId).executeTakeFirst()
  return row !== undefined
}
