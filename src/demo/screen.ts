import type { Writable } from 'node:stream'

/** Tells what happens, a sentence for each step with the time it took. */
export interface Screen {
  /** Does a step; its sentence comes before, and the tick with what came of it after. */
  step<T>(sentence: string, work: () => Promise<readonly [result: T, outcome: string]>): Promise<T>
  say(text?: string): void
}

/** A step that did not go well, in a sentence for the person at the screen. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure'
}

export function createScreen(out: Writable & { readonly isTTY?: boolean }, now: () => number): Screen {
  const live = out.isTTY === true
  return {
    async step(sentence, work) {
      const begun = now()
      if (live) out.write(`  … ${sentence}`)
      try {
        const [result, outcome] = await work()
        out.write(`${live ? '\r\u001b[2K' : ''}  ✓ ${sentence} (${((now() - begun) / 1000).toFixed(1)} s)\n`)
        for (const line of outcome.split('\n')) if (line !== '') out.write(`      ${line}\n`)
        return result
      } catch (error) {
        out.write(`${live ? '\r\u001b[2K' : ''}  ✗ ${sentence}\n`)
        throw error
      }
    },
    say: (text = '') => {
      out.write(`${text}\n`)
    },
  }
}
