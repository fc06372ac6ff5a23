/** The classes of nodes that a person has marked; the server keeps them. */
import { createStore } from "zustand/vanilla";
import type { Api } from "../../api/http";
import { isArray } from "../../lib/json";

const SETTING = "Easel.FavouriteNodes";

export const favourites = createStore<readonly string[]>(() => []);

export async function loadFavourites(api: Pick<Api, "settings">): Promise<void> {
  const { [SETTING]: list } = await api.settings();
  if (isArray(list)) favourites.setState(list.map(String), true);
}

export async function toggleFavourite(api: Pick<Api, "changeSettings">, type: string): Promise<void> {
  const list = favourites.getState();
  const next = list.includes(type) ? list.filter((other) => other !== type) : [...list, type];
  favourites.setState(next, true);
  await api.changeSettings({ [SETTING]: next });
}
