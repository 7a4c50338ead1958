import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { Kitchen, readsYaml, recipe, yaml } from "../support/recipe.ts";

const [PLAYBOOK = ""] = recipe("ansible");

Deno.test({
  name: "the play asks for a port and writes it down",
  ignore: !readsYaml,
  fn: async () => {
    assertEquals(await yaml(PLAYBOOK), [{
      name: "The shop behind nginx",
      hosts: "shops",
      become: true,
      tasks: [{
        name: "Give the shop a port",
        "ansible.builtin.command": "/usr/local/bin/port-for shop",
        register: "shop",
        changed_when: false,
        check_mode: false,
      }, {
        name: "Tell nginx",
        "ansible.builtin.copy": {
          content: "upstream shop { server 127.0.0.1:{{ shop.stdout }}; }\n",
          dest: "/etc/nginx/conf.d/shop.conf",
          mode: "0644",
        },
      }],
    }]);
  },
});

Deno.test({
  name: "Ansible plays it, and a second time changes nothing",
  ignore: !hasTool("ansible-playbook", "--version"),
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.write(
      "project/shop.yml",
      PLAYBOOK.replace("become: true", "become: false")
        .replace("/usr/local/bin/port-for", kitchen.file("bin/port-for"))
        .replace("/etc/nginx/conf.d/shop.conf", kitchen.file("shop.conf")),
    );
    const store = kitchen.file("ports.toml");
    const play = (...options: string[]) =>
      kitchen.print(
        ...["env", `PORT_FOR_STORE=${store}`],
        // Nothing in the play asks what the host is like.
        ...["ANSIBLE_GATHERING=explicit", "ansible-playbook"],
        ...["--inventory=shops,", "--connection=local", "shop.yml"],
        ...options,
      );

    // A port is given even where nothing else is changed yet.
    assertStringIncludes(await play("--check"), "changed=1 ");
    assertEquals(kitchen.names().includes("shop.conf"), false);
    assertStringIncludes(await play(), "changed=1 ");
    const port = await kitchen.print("port-for", "--store", store, "shop");
    assertEquals(
      kitchen.read("shop.conf"),
      `upstream shop { server 127.0.0.1:${port.trimEnd()}; }\n`,
    );
    assertStringIncludes(await play(), "changed=0 ");
  },
});
