/** The path of a request as the routes know it: what a proxy has left of the root path in front of it is taken off. */
export function takeOffRootPath(rootPath: string, url: string): string {
  if (!url.startsWith(rootPath)) return url;
  const rest = url.slice(rootPath.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : url;
}
