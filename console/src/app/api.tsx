import { AccountApi, PredictionsApi, RestClient } from '@greenroom/client';
import { createContext, type ReactNode, useContext } from 'react';

export interface Api {
  account: AccountApi;
  predictions: PredictionsApi;
}

const ApiContext = createContext<Api | undefined>(undefined);

/** The server this page came from. */
export function createApi(): Api {
  const rest = new RestClient();
  return { account: new AccountApi(rest), predictions: new PredictionsApi(rest) };
}

export function ApiProvider({ api, children }: { api: Api; children: ReactNode }) {
  return <ApiContext value={api}>{children}</ApiContext>;
}

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === undefined) throw new Error('useApi outside ApiProvider');
  return api;
}
