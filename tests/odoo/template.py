"""Fed to `odoo shell`: turns an initialised database into the company that tests start from.

A US company in USD with the generic chart, no e-mail leaving the server, and a key for the
external API whose plain text is printed once, as `API_KEY=...`. Databases made from this one
share the key, because Odoo keeps its hash in the database.
"""

company = env.ref("base.main_company")
usd = env.ref("base.USD")
usd.active = True
company.write({
    "name": "Carryforward Test Company",
    "country_id": env.ref("base.us").id,
    "currency_id": usd.id,
})
if not company.chart_template or not env["account.account"].search_count([]):
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
assert env["account.account"].search_count([]) > 10, "the generic chart has no accounts"
assert env["account.tax"].search_count([]) >= 2, "the generic chart has no taxes"
assert company.currency_id == usd

# Attachments in the database: a copy of the database is then a whole copy.
env["ir.config_parameter"].set_param("ir_attachment.location", "db")
env["ir.attachment"].force_storage()
# Nothing may reach a real mailbox, whatever a test does.
env["ir.mail_server"].create({
    "name": "nowhere", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_authentication": "login",
})

admin = env.ref("base.user_admin")
# What a bookkeeper who tracks classes and projects has switched on.
admin.group_ids += env.ref("analytic.group_analytic_accounting")
key = env["res.users.apikeys"].with_user(admin)._generate("rpc", "carryforward tests", None)
env.cr.commit()
print(f"API_KEY={key}")
