import { type Answer, AnswerLostError, type Operation, type OperationParams } from '@greenroom/client';
import { useMutation } from '@tanstack/react-query';
import { failureText } from '../../app/failure.ts';
import { useNotify } from '../../app/Notices.tsx';
import { useConnection } from '../live/Connection.tsx';

interface OperationOptions<Op extends Operation> {
  onDone?: (answer: Answer<Op>, params: OperationParams[Op]) => void;
  /** Failures are shown by the caller instead of in a notice. */
  isQuiet?: boolean;
}

/** One operation of the opcode websocket as a mutation; failures are told in a notice. */
export function useOperation<Op extends Operation>(op: Op, options: OperationOptions<Op> = {}) {
  const connection = useConnection();
  const notify = useNotify();
  return useMutation({
    mutationFn: (params: OperationParams[Op]): Promise<Answer<Op>> =>
      connection?.socket.request(op, params) ?? Promise.reject(new AnswerLostError('Not connected.')),
    onSuccess: (answer, params) => options.onDone?.(answer, params),
    onError: (error) => {
      if (!options.isQuiet) notify(failureText(error), 'error');
    },
  });
}
