import { runProgram } from './program.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`concordat: stdout cannot be written: ${error.message}. Write into another file.\n`)
  process.exit(1)
})

process.exitCode = await runProgram(process.argv.slice(2), { in: process.stdin, out: process.stdout, err: process.stderr })
