import { EXIT, OPTIONS } from './options.ts'

const WIDTH = 100

/** Returns the text of `--help`. */
export function helpText(): string {
  return `Sends many requests to a language model, and writes the answers to a file.

Usage: harbor bulk <prompts.jsonl | -> --out <answers.jsonl> [options]

Each line of the input is a request: a text or { "id"?, "prompt" }, the body of one ({ "model"?, "messages" } or { "input" }),
or a line of the Batch API ({ "custom_id", "method", "url", "body" }). "-" reads standard input.

Options
${listOf(Object.entries<{ value?: string; help: string }>(OPTIONS).map(([name, { value, help }]) => [`--${name}${value ? ` ${value}` : ''}`, help]))}

The key is read from OPENAI_API_KEY. Answers are stored in <answers.jsonl>.journal as they come: after a crash, an interruption
or failures, the same command with --resume continues. Ctrl-C ends the run when the requests in flight are answered; pressed
twice, at once.

Exit codes
${listOf(Object.values(EXIT).map(({ code, help }) => [String(code), help]))}
`
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
