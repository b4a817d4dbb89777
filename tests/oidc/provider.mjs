// A sign-in service for tests: npm's oidc-provider (MIT) on loopback. Whoever types a name is signed in as that name;
// its roles are what the name has after a colon: "anne:Camscan.Auditor". Prints its issuer once it listens.
// Usage: node provider.mjs PATH-OF-OIDC-PROVIDER REDIRECT-URI; the client is "camscan", its secret stands in SECRET.
import {createServer} from "node:http";
import {pathToFileURL} from "node:url";

const [path, redirect] = process.argv.slice(2);
const {Provider} = await import(pathToFileURL(path));
const server = createServer();
await new Promise(done => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{client_id: "camscan", client_secret: process.env.SECRET, redirect_uris: [redirect]}],
  pkce: {required: () => true},
  conformIdTokenClaims: false,
  claims: {openid: ["sub", "roles"]},
  async findAccount(_, id) {
    const [name, roles] = id.split(":");
    return {accountId: id, claims: () => ({sub: name, roles: roles ? roles.split(",") : []})};
  },
  async loadExistingGrant(context) {  // nobody is asked whether camscan may know them
    const {client, session} = context.oidc;
    const grant = new context.oidc.provider.Grant({clientId: client.clientId, accountId: session.accountId});
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});
server.on("request", provider.callback());
console.log(issuer);
