import { expect, test } from 'vitest'
import { headersOf, receiptHeader, receiptHeaders, receiptOf } from '../../../src/dataplane/receipts/receipt-headers.ts'
import { openNote, parseVkey } from '../../../src/tlog/note.ts'
import { parseProof } from '../../../src/tlog/proof.ts'
import { leafHash, verifyInclusion } from '../../../src/tlog/tree.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

test('the header has the proof without the second signature of the log, the receipt itself has both', async () => {
  const database = await openTestDatabase()
  const audit = await openTestAudit(database, { mldsa: true, clock: () => new Date('2026-03-01T12:00:00Z') })
  await database.transaction((tx) => audit.append(tx, ...Array.from({ length: 700 }, (_none, n) => ({ type: 'test.many', n }))))
  const [opened] = await audit.entries({ type: 'log.opened', limit: 1 })
  const vkeys = [opened?.['vkey'], opened?.['mldsa']].map(String)
  const whole = await receiptOf({ audit }, 300)
  const header = Buffer.from((await receiptHeaders({ audit }, 300))[receiptHeader] ?? '', 'base64').toString()
  expect(whole.length).toBeGreaterThan(3000)
  expect(header.length).toBeLessThan(2048)
  const leaf = leafHash(Buffer.from((await audit.log.leaves('2026', 300, 1))[0]?.entry ?? ''))
  for (const [text, signatures] of [[whole, 2], [header, 1]] as const) {
    const { proof, index, checkpoint, tree, extra } = parseProof(text)
    expect(openNote(checkpoint, vkeys.map(parseVkey)).signedBy).toHaveLength(signatures)
    expect(openNote(checkpoint, [parseVkey(vkeys[0] ?? '')]).signedBy).toHaveLength(1)
    expect(extra).toEqual(leaf)
    expect(verifyInclusion({ leaf, index, size: tree.size, proof, root: tree.root })).toBe(true)
  }
  expect(parseProof(header).tree).toEqual(parseProof(whole).tree)
  // What is short already goes as it is.
  expect(headersOf(1, header)[receiptHeader]).toBe(Buffer.from(header).toString('base64'))
  await audit.close()
  await database.close()
})
