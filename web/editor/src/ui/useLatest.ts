/** Of several questions that are under way only the last one counts: a slow answer never takes the place of a newer one. */
import { useCallback, useRef } from "react";

export function useLatest(): <T>(
  answer: Promise<T>,
  take: (answer: T) => void,
  fail: (error: Error) => void,
) => Promise<void> {
  const asked = useRef(0);
  return useCallback((answer, take, fail) => {
    asked.current += 1;
    const own = asked.current;
    return answer.then(
      (value) => own === asked.current && take(value),
      (error: Error) => own === asked.current && fail(error),
    ) as Promise<void>;
  }, []);
}
