/** Does what waits for no longer than `ms`: the promise that it is given resolves then. Rejects as `work` does. */
export async function withDeadline<T>(ms: number, work: (deadline: Promise<void>) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await work(deadline);
  } finally {
    clearTimeout(timer);
  }
}
