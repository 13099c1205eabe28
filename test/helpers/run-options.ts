import { inspect, parseArgs } from 'node:util'

/** Options of a program under test/, by name: a default, or false for a switch. */
export type RunOptions = Readonly<Record<string, string | false | undefined>>

/** What a program was told. */
export interface Run {
  readonly text: (name: string) => string | undefined
  /** A whole number, as `--kills 20`. */
  readonly whole: (name: string) => number
  /** As {@link whole}; undefined when the option was not given. */
  readonly wholeIfGiven: (name: string) => number | undefined
  /** `--seed`, or a new one, which the program tells so that its choices can be repeated. */
  readonly seed: () => number
  readonly isOn: (name: string) => boolean
  /** Refuses the options. */
  readonly refuse: (message: string) => never
  /** A line with the seconds since the start. */
  readonly say: (text: string) => void
}

/** Runs a program that takes options: tells its usage, or does its work and ends with the code that it gives. */
export function runProgram(usage: string, options: RunOptions, work: (run: Run) => Promise<number>): void {
  main(usage, options, work).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${inspect(error)}\n`)
      process.exit(1)
    },
  )
}

async function main(usage: string, options: RunOptions, work: (run: Run) => Promise<number>): Promise<number> {
  const named = Object.entries({ ...options, seed: undefined, help: false as const })
  const { values } = parseArgs({ options: Object.fromEntries(named.map(([name, value]) => [name, value === false ? { type: 'boolean' as const, default: false } : { type: 'string' as const, ...(value === undefined ? {} : { default: value }) }])) })
  if (values['help'] === true) {
    process.stdout.write(usage)
    return 0
  }
  const started = Date.now()
  const refuse = (message: string): never => {
    throw new Error(`${message}\n\n${usage}`)
  }
  const text = (name: string) => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  const wholeIfGiven = (name: string) => {
    const value = text(name)
    if (value === undefined) return undefined
    const number = Number(value)
    return Number.isInteger(number) && number >= 0 && value.trim() !== '' ? number : refuse(`--${name} must be a whole number; it is ${value}.`)
  }
  return work({
    text,
    wholeIfGiven,
    whole: (name) => wholeIfGiven(name) ?? refuse(`--${name} must be given.`),
    seed: () => wholeIfGiven('seed') ?? Math.floor(Math.random() * 1_000_000_000),
    isOn: (name) => values[name] === true,
    refuse,
    say: (line) => process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`),
  })
}
