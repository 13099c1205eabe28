import { Option } from 'commander'
import type { Command } from 'commander'
import { languages } from '../../../policy/explain/operand-texts.ts'
import type { Language } from '../../../policy/explain/operand-texts.ts'
import { parseCheckpoint } from '../../../tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../../tlog/note.ts'
import { leafHash, verifyInclusion } from '../../../tlog/tree.ts'
import { example, wholeNumber } from '../../arguments.ts'
import { exitCodes, Failure, isFailure } from '../../failure.ts'
import type { Client } from '../../client.ts'
import type { Answer } from '../../operations.ts'
import { printable } from '../../output.ts'
import type { Open } from '../../session.ts'
import { explainRecord, isAboutData } from '../../why/explain-record.ts'
import type { RecordEntry } from '../../why/explain-record.ts'
import { namesIn } from '../../why/names.ts'
import { tellRecord } from '../../why/sentence.ts'
import { clockIn, inTimeZone, zoneOf } from './time-zone.ts'
import type { ZoneOptions } from './time-zone.ts'

type Proof = Answer<'getAuditProof'>

/** `audit show NUMBER`: an entry, and how it is proven. The proof is checked here, not only told. */
export function showCommand(audit: Command, open: Open): void {
  const show = inTimeZone(audit.command('show').description('show an entry of the record with the proof that it is in the log, which is checked here').argument('<record>', 'number of the entry', wholeNumber(0, Number.MAX_SAFE_INTEGER)))
    .addOption(new Option('--language <language>', 'language of the explanation').choices(languages).default('en'))
    .option('--receipt', 'write the proof alone, as C2SP tlog-proof')
    .action(async (index: number, options: ZoneOptions & { language: Language; receipt?: boolean }, command: Command) => {
      const { client, print, terminal } = open(command)
      const entry: RecordEntry = await client.call('getAuditEntry', { path: { index } })
      const proof = await proofOf(client, index)
      if (proof !== undefined) check(proof)
      if (options.receipt === true) {
        if (proof === undefined) throw new Failure(exitCodes.unfinished, notSealed)
        terminal.out.write(proof.receipt)
        return
      }
      const zone = zoneOf(options)
      const names = print.json ? new Map() : await namesIn(client, [entry], options.language)
      const { title, parts } = explainRecord(entry, undefined, options.language, { timeZone: zone, names })
      const lines = [title, ...(isAboutData(entry) ? [tellRecord(entry, options.language, names)] : []), ...parts.map(({ heading, lines: told }) => `${heading}: ${told.join('; ')}`), '', ...proofLines(proof, clockIn(zone))]
      print.result({ entry, proof: proof ?? null }, lines.map((line) => printable(line)).join('\n'))
    })
  example(show, 'audit show 412 --time-zone Europe/Madrid')
}

const notSealed = 'No signed checkpoint covers this entry yet. Try again in a moment; "concordat audit check" says why when it stays so.'

async function proofOf(client: Client, index: number): Promise<Proof | undefined> {
  try {
    return await client.call('getAuditProof', { path: { index } })
  } catch (error) {
    if (isFailure(error) && error.exitCode === exitCodes.notFound) return undefined
    throw error
  }
}

/** The entry is a leaf of the tree whose root the log's key has signed. */
function check({ entry, leafIndex, proof, checkpoint, vkey, origin }: Proof): void {
  const { text, signedBy } = openNote(checkpoint, [parseVkey(vkey)])
  const { root, size, origin: named } = parseCheckpoint(text)
  const holds = signedBy.length > 0 && named === origin && verifyInclusion({ leaf: leafHash(Buffer.from(entry)), index: leafIndex, size, proof: proof.map((hash) => Buffer.from(hash, 'base64')), root })
  if (!holds) throw new Failure(exitCodes.failed, 'The proof does not hold: the entry is not the one that the signed checkpoint covers. Keep what you have, and ask for "concordat audit check".')
}

function proofLines(proof: Proof | undefined, clock: (time: string) => string): string[] {
  if (proof === undefined) return [notSealed]
  const { log, origin, leafIndex, size, cosigned } = proof
  return [
    `Proven: entry ${leafIndex} of the log ${log} (${origin}), under the signed checkpoint of ${size} entries. The proof was checked here.`,
    ...(cosigned.length === 0 ? ['No witness has cosigned a checkpoint that covers it yet.'] : cosigned.map(({ witness, time }) => `Cosigned by ${witness} at ${clock(time)}.`)),
  ]
}
