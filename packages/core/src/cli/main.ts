import { didYouMean } from '@harbor/parts'
import { parseBulk } from './arguments.ts'
import { courtesyStream } from './output/courtesy-stream.ts'
import { failureOf } from './failure.ts'
import { helpText, workerHelpText } from './help.ts'
import { EXIT, type ExitCode, UsageError } from './options.ts'
import { parseWorker } from './worker-arguments.ts'

/** Runs the command `harbor`. @returns the exit code */
export async function main(args: readonly string[], version: string): Promise<ExitCode> {
  try {
    const [command, ...rest] = args
    if (command === undefined || command === '--help' || command === 'help') return print(helpText())
    if (command === '--version') return print(`${version}\n`)
    if (command === 'worker') {
      const parsed = parseWorker(rest, process.env)
      if (parsed === 'help') return print(workerHelpText())
      if (parsed === 'version') return print(`${version}\n`)
      const { workerCommand } = await import('./worker-command.ts')
      return await workerCommand(parsed)
    }
    if (command !== 'bulk') throw new UsageError(unknown(command))
    const parsed = parseBulk(rest, process.env)
    if (parsed === 'help') return print(helpText())
    if (parsed === 'version') return print(`${version}\n`)
    // Loaded late: help and mistakes in the options need no client.
    const { bulkCommand } = await import('./bulk-command.ts')
    return await bulkCommand(parsed)
  } catch (error) {
    const { code, message } = failureOf(error)
    courtesyStream(process.stderr).write(`harbor: ${message}\n`)
    return code
  }
}

function print(text: string): ExitCode {
  courtesyStream(process.stdout).write(text)
  return EXIT.allAnswered.code
}

function unknown(command: string): string {
  const near = didYouMean(command.replace(/^-+/, ''), ['bulk', 'worker', 'help', 'version'])
  const hint = near === undefined ? '' : ` Did you mean ${near === 'version' ? '--version' : near}?`
  return `there is no command ${command}.${hint} harbor --help lists all there is.`
}
