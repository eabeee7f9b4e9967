/**
 * Reads what each model says of itself. A model that fails to say it, or says nothing, gets the value `otherwise`: one model that cannot
 * say what it supports must not fail the calls that the others could answer.
 */
export function ofEach<Model, T>(
  models: readonly Model[],
  read: (model: Model) => T | PromiseLike<T>,
  otherwise: NonNullable<T>,
): Promise<NonNullable<T>[]> {
  return Promise.all(
    models.map(async (model) => {
      try {
        return (await read(model)) ?? otherwise
      } catch {
        return otherwise
      }
    }),
  )
}
