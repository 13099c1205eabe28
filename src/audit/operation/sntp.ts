import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'

/** What one exchange with an NTP server showed. */
export interface NtpOffset {
  /** Milliseconds by which the server is ahead of our clock. */
  readonly offsetMs: number
  readonly roundTripMs: number
}

const packetBytes = 48
const defaultPort = 123
// RFC 5905 §6: seconds count from 1900, in 32 bits.
const secondsTo1970 = 2_208_988_800
const eraSeconds = 2 ** 32

/** Asks `server` (`host` or `host:port`) once, as a client of RFC 4330 (SNTP). The answer is not authenticated. */
export async function queryNtp(server: string, { clock, timeoutMs = 3000 }: { readonly clock: () => Date; readonly timeoutMs?: number }): Promise<NtpOffset> {
  const { hostname, port } = new URL(`ntp://${server}`)
  const { address, family } = await lookup(hostname.replace(/^\[|\]$/g, ''))
  // What the server gives back to show that it has seen our question: random, so that nobody beside the way can answer for it.
  const question = Buffer.alloc(packetBytes)
  question[0] = 0b00_100_011
  randomBytes(8).copy(question, 40)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    const sent = { at: 0 }
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      socket.once('close', () => clearTimeout(timer))
      socket.once('error', reject)
      // Anyone may send something: only an answer to our question ends the wait.
      socket.on('message', (message) => {
        if (message.length >= packetBytes && message.subarray(24, 32).equals(question.subarray(40, 48))) resolve(message)
      })
      socket.connect(port === '' ? defaultPort : Number(port), address, () => {
        sent.at = clock().getTime()
        socket.send(question)
      })
    })
    return offsetOf(answer, { sent: sent.at, received: clock().getTime() })
  } finally {
    socket.close()
  }
}

function offsetOf(answer: Buffer, ours: { readonly sent: number; readonly received: number }): NtpOffset {
  const [first = 0, stratum = 0] = answer
  // RFC 4330 §5: an answer of a server that is itself not synchronised, or that refuses (stratum 0), is no time.
  if ((first & 0b111) !== 4 || first >> 6 === 3 || stratum === 0 || stratum > 15) throw new Error('the server is not synchronised, or refuses to answer')
  const [received, sent] = [timeAt(answer, 32), timeAt(answer, 40)]
  const round = (ms: number) => Math.round(ms * 10) / 10
  return { offsetMs: round((received - ours.sent + (sent - ours.received)) / 2), roundTripMs: round(ours.received - ours.sent - (sent - received)) }
}

/** Milliseconds since 1970. RFC 4330 §3: with the first bit clear the time is after 2036. */
function timeAt(packet: Buffer, offset: number): number {
  const seconds = packet.readUInt32BE(offset)
  const fraction = packet.readUInt32BE(offset + 4) / eraSeconds
  const sinceThen = seconds >= eraSeconds / 2 ? seconds : seconds + eraSeconds
  return (sinceThen - secondsTo1970 + fraction) * 1000
}
