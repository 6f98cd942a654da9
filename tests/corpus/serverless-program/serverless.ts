const configuration = {service: 'shop', provider: {name: 'aws'}};
module.exports = configuration;
