export async function collect<T>(values: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const value of values) collected.push(value)
  return collected
}
