import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../errors.ts'
import { checkStructure } from './json-structure.ts'

/** Bounds of a JSON body. */
export interface JsonLimits {
  /** Default 1 MiB. */
  readonly maxBytes?: number
  /** How deep arrays and objects may be nested; default 50. */
  readonly maxDepth?: number
  /** How long the sender may take; default 30 s. */
  readonly timeoutMs?: number
}

/**
 * Reads the body of `req` as JSON: valid UTF-8, not packed, within the limits, no key twice. Gives the value and the text
 * it came from. The media type is not looked at: DSP peers send several (DSP 2025-1, negotiation binding §1.2).
 */
export async function readJson(req: IncomingMessage, limits: JsonLimits = {}): Promise<{ raw: string; value: unknown }> {
  const raw = await readText(req, limits)
  return { raw, value: parseJson(raw, limits.maxDepth) }
}

/** Reads the body of `req` as text: valid UTF-8, not packed, within the limits. */
export async function readText(req: IncomingMessage, limits: Omit<JsonLimits, 'maxDepth'> = {}): Promise<string> {
  const encoding = req.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== '') {
    throw new ProblemError('unsupported-media-type', 'A packed body is not accepted here. Send it without Content-Encoding.')
  }
  const bytes = await readBytes(req, limits.maxBytes ?? 1024 * 1024, limits.timeoutMs ?? 30_000)
  if (!isUtf8(bytes)) throw new ProblemError('malformed-json', 'The body is not valid UTF-8.')
  return bytes.toString('utf8')
}

/** Parses JSON text as strictly as `readJson` does. */
export function parseJson(raw: string, maxDepth = 50): unknown {
  const value = parsed(raw)
  checkStructure(raw, maxDepth)
  return value
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    // The parser's own message quotes the body, which may hold a secret.
    throw new ProblemError('malformed-json', raw === '' ? 'The body is empty; it must be JSON.' : 'The body is not JSON.')
  }
}

function readBytes(req: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  const tooLarge = () => new ProblemError('too-large', `The body is larger than ${maxBytes} bytes.`)
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const end = () => {
      clearTimeout(timer)
      req.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    }
    const fail = (error: ProblemError) => {
      end()
      // Nothing more is read: what the sender still has stays with it. An error that follows has no reader.
      req.pause()
      req.on('error', () => undefined)
      reject(error)
    }
    const onData = (piece: Buffer) => {
      bytes += piece.length
      if (bytes > maxBytes) fail(tooLarge())
      else pieces.push(piece)
    }
    const onEnd = () => {
      end()
      resolve(Buffer.concat(pieces, bytes))
    }
    const onBroken = () => fail(new ProblemError('bad-request', 'The body ended too early.'))
    const timer = setTimeout(() => fail(new ProblemError('bad-request', `The body did not arrive within ${timeoutMs} ms.`)), timeoutMs)
    req.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}
