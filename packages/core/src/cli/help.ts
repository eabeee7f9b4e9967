import { EXIT, OPTIONS, type CommandOption } from './options.ts'
import { WORKER_OPTIONS } from './worker-options.ts'

const WIDTH = 100

/** Returns the text of `--help`. */
export function helpText(): string {
  return `Sends many requests to a language model, and writes the answers to a file.

Usage: harbor bulk <prompts.jsonl | -> --out <answers.jsonl> [options]
       harbor worker --redis <url> --queue <name> [options]   (harbor worker --help)

Each line of the input is a request: a text or { "id"?, "prompt" }, the body of one ({ "model"?, "messages" } or { "input" }),
or a line of the Batch API ({ "custom_id", "method", "url", "body" }). "-" reads standard input.

Options
${optionsOf(OPTIONS)}

The key is read from OPENAI_API_KEY. Answers are stored in <answers.jsonl>.journal as they come: after a crash, an interruption
or failures, the same command with --resume continues. Ctrl-C ends the run when the requests in flight are answered; pressed
twice, at once.

Exit codes
${listOf(Object.values(EXIT).map(({ code, help }) => [String(code), help]))}
`
}

/** Returns the text of `harbor worker --help`. */
export function workerHelpText(): string {
  return `Answers the requests of harbor bulk --fleet, as one of any number of workers. Needs @harbor/bullmq.

Usage: harbor worker --redis <url> --queue <name> [options]

Options
${optionsOf(WORKER_OPTIONS)}

The key is read from OPENAI_API_KEY. Workers share their limits if @harbor/redis is installed. Ctrl-C or SIGTERM ends the worker when
the requests in flight are answered, after 25 seconds at most; other workers take the rest.
`
}

function optionsOf(options: Readonly<Record<string, CommandOption>>): string {
  return listOf(
    Object.entries(options).map(([name, { value, help }]) => [`--${name}${value ? ` ${value}` : ''}`, help]),
  )
}

function listOf(rows: readonly (readonly [string, string])[]): string {
  const indent = Math.max(...rows.map(([name]) => name.length)) + 4
  return rows.map(([name, text]) => `  ${name.padEnd(indent - 2)}${wrapped(text, indent)}`).join('\n')
}

function wrapped(text: string, indent: number): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > WIDTH - indent) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}
