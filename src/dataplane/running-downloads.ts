import type { Database } from '../persistence/database.ts'
import { findValidTokens } from './store.ts'

/** A download that is being sent. */
export interface RunningDownload {
  readonly transferId: string
  readonly partner: string
  /** The token it runs under; undefined for a push. */
  readonly tokenSha256: string | undefined
  /** Ends it now, unfinished. */
  readonly cut: () => void
}

/** The downloads that are being sent, so that revocation reaches them. */
export interface RunningDownloads {
  /** Gives the function that says it is over. */
  add(download: RunningDownload): () => void
  cut(which: (download: RunningDownload) => boolean): void
  /** Cuts downloads whose token is over or was revoked, perhaps by another replica. */
  recheck(): Promise<void>
  close(): void
}

const recheckMs = 1000
const failuresBorne = 5

export function createRunningDownloads(deps: { readonly database: Database; readonly clock: () => Date; readonly onError: (error: unknown) => void }): RunningDownloads {
  const downloads = new Set<RunningDownload>()
  let timer: NodeJS.Timeout | undefined
  let failures = 0

  function cut(which: (download: RunningDownload) => boolean): void {
    for (const download of downloads) {
      if (!which(download)) continue
      downloads.delete(download)
      download.cut()
    }
  }

  async function recheck(): Promise<void> {
    const tokens = [...new Set([...downloads].flatMap((download) => download.tokenSha256 ?? []))]
    if (tokens.length === 0) return
    try {
      const valid = await findValidTokens(deps.database.db, tokens, deps.clock())
      failures = 0
      const asked = new Set(tokens)
      cut(({ tokenSha256 }) => tokenSha256 !== undefined && asked.has(tokenSha256) && !valid.has(tokenSha256))
    } catch (error) {
      // A short loss of the database is borne; after a longer one nobody knows whether the tokens are still good.
      failures += 1
      deps.onError(error)
      if (failures >= failuresBorne) cut(() => true)
    }
  }

  return {
    add(download) {
      downloads.add(download)
      timer ??= setInterval(() => void recheck(), recheckMs).unref()
      return () => {
        downloads.delete(download)
        if (downloads.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    cut,
    recheck,
    close() {
      clearInterval(timer)
      cut(() => true)
    },
  }
}
