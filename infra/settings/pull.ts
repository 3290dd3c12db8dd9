import { z } from "zod";
import { logsNamespace } from "../specs/logsNamespace.ts";
import { registryForm } from "./repository.ts";
import { about, group, text } from "./values.ts";

const objectName = /^(?=.{1,253}$)[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/;

// Secret as a whole, as a worker's settings are: text that is no entry may hold a password.
const login = group(
  {
    server: text(registryForm, "a registry's host, with a path if it has one").describe("The registry."),
    username: text(/^\S+$/, "a user's name without spaces").describe("Who pulls."),
    password: text(/^[^\n]+$/, "one line of text (pulumi config set --secret --path pull.logins[0].password)", { secret: true }).describe(
      "The user's password or token, a secret.",
    ),
  },
  { secret: true },
);

/** How the cluster's nodes get into registries that do not let everybody in. */
export const pull = group(
  {
    secrets: z
      .array(text(objectName, "the name of a Secret"))
      .register(about, { allowed: "a list of names of Secrets" })
      .default([])
      .describe(
        `Secrets with logins, of the type kubernetes.io/dockerconfigjson, that somebody else keeps in the stack's namespace; and in the one that has its name and "${logsNamespace("")}", where Filebeat's image wants a login.`,
      ),
    logins: z
      .array(login)
      .register(about, { allowed: "a list of logins", secret: true })
      .default([])
      .describe("Logins that the stack keeps as a Secret of its own, wherever its pods are."),
  },
  { secret: true },
).prefault({});
